#!/usr/bin/env python3
"""Replace a tile file again and again while it is read: the daemon, and rename(2) under Apache with mod_mapcache.

    tests/bench/replace_bench.py [--program PROGRAM] [--replaces N] [--readers N] [--runs N] [--quiet SECONDS] [--work FOLDER]

Each version of the file has its number and a hash in every tile, so that the readers know of each answer whether it is whole
and how old it is. An answer is stale when it is older than the last replace that had been acknowledged before its request
was sent. wrk pulls tiles beside the readers. MapCache serves the same file in its `mbtiles` cache, and the next version is
renamed over it, as often and as fast as the daemon took replaces.

Prints tables in Markdown; ends with an error when the daemon failed a request, served a stale or a cut tile, or when its
slowest read during replaces took more than five times the 99th percentile without.
"""
import argparse
import array
import contextlib
import ctypes
import json
import multiprocessing
import os
import pathlib
import pwd
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from depot_daemon import LAYER, ROOT, Daemon, TileFile, markdown, percentile, version_of, write_package

ZOOM = 4
SIDE = 8  # tiles of the file: SIDE x SIDE, from the south-west corner
TILE_BYTES = 8_000
FILE_NAME = "tiles.mbtiles"
ADDRESSES = [(ZOOM, x, row) for x in range(SIDE) for row in range(SIDE)]
SAMPLES = (100, 500, 1000)  # and before the first, and after the last
WARM_UP_SECONDS = 1
PUBLISHER_NICE = 10
SLOWEST_READ = 5  # times the 99th percentile without replaces
WARMING, QUIET, REPLACING, ENDING = range(4)


class OffgridContender(Daemon):
    def __init__(self, options, folder):
        super().__init__(options.program, folder)
        self.file = TileFile(ADDRESSES, TILE_BYTES)
        content = self.file.content(0)
        self.replace(write_package(folder / "package.zip", [ZOOM, ZOOM], [{"zooms": [ZOOM, ZOOM], "names": FILE_NAME}],
                                   {FILE_NAME: (content, len(ADDRESSES))}))

    def path_of(self, zoom, x, row):
        return f"/tiles/{LAYER}/{zoom}/{x}/{2 ** zoom - 1 - row}.png"

    def publish(self, content):
        return self.replace(content, FILE_NAME)


class MapCacheContender:
    name = "rename(2), Apache + mod_mapcache"

    def __init__(self, options, folder):
        folder.mkdir(parents=True)
        self.folder = folder
        self.file = TileFile(ADDRESSES, TILE_BYTES)
        self.publish(self.file.content(0))
        (folder / "mapcache.xml").write_text(f"""<mapcache>
          <cache name="{LAYER}" type="mbtiles"><dbfile>{folder / FILE_NAME}</dbfile></cache>
          <tileset name="{LAYER}"><cache>{LAYER}</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>
          <service type="tms" enabled="true"/>
          <locker type="disk"><directory>{folder}</directory></locker>
        </mapcache>""")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        (folder / "apache.conf").write_text(f"""
            ServerRoot {folder}
            ServerName localhost
            Listen 127.0.0.1:{self.port}
            PidFile {folder / "apache.pid"}
            ErrorLog {folder / "error.log"}
            {user}
            LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
            LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
            LoadModule mapcache_module /usr/lib/apache2/modules/mod_mapcache.so
            KeepAlive On
            MaxKeepAliveRequests 0
            MapCacheAlias /mapcache {folder / "mapcache.xml"}
            """)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("www-data")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            for parent in folder.parents[:2]:
                os.chmod(parent, os.stat(parent).st_mode | 0o055)
        self.process = subprocess.Popen(["apache2", "-f", folder / "apache.conf", "-DFOREGROUND"],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_up()

    def wait_until_up(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, EOFError):
                if Connection(self.port).get(request_for(self.path_of(*ADDRESSES[0])))[0] == 200:
                    return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"Apache did not come up:\n{(self.folder / 'error.log').read_text()}")

    def path_of(self, zoom, x, row):
        return f"/mapcache/tms/1.0.0/{LAYER}@GoogleMapsCompatible/{zoom}/{x}/{row}.png"

    def publish(self, content):
        start = time.perf_counter()
        part = self.folder / "part"
        part.write_bytes(content)
        part.rename(self.folder / FILE_NAME)
        return time.perf_counter() - start

    def figures(self):
        return None

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def request_for(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class Connection:
    """The least of an HTTP client: eight readers share two cores with the server they measure."""

    def __init__(self, port):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, request):
        """Status and body. Throws EOFError when the body is shorter than announced."""
        self.socket.sendall(request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self.some()
        head = received[:end].lower()
        left = int(re.search(rb"\r\ncontent-length: *(\d+)", head)[1]) - (len(received) - end - 4)
        pieces = [received[end + 4:]]
        while left > 0:
            pieces.append(self.some())
            left -= len(pieces[-1])
        if b"\r\nconnection: close" in head:
            self.socket.close()
            self.__init__(self.port)
        return int(head[9:12]), b"".join(pieces)

    def some(self):
        piece = self.socket.recv(65_536)
        if not piece:
            raise EOFError
        return piece


class Shared:
    """What the publisher tells the readers, by memory that they share."""

    def __init__(self):
        self.phase = multiprocessing.Value(ctypes.c_int, WARMING, lock=False)
        self.begun = multiprocessing.Value(ctypes.c_uint64, 0, lock=False)
        self.acknowledged = multiprocessing.Value(ctypes.c_uint64, 0, lock=False)


def read_tiles(port, requests, first, interval, shared, results):
    """Pull a tile each `interval` seconds on one connection until told to stop; send what was seen through the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    latencies = [array.array("d") for _ in range(ENDING)]
    counts = {"failed": 0, "stale": 0, "truncated": 0}
    connection = Connection(port)
    tile = first
    due = time.perf_counter()
    while (phase := shared.phase.value) != ENDING:
        due += interval
        time.sleep(max(0, due - time.perf_counter()))
        tile = (tile + 1) % len(requests)
        oldest = shared.acknowledged.value
        start = time.perf_counter()
        try:
            status, body = connection.get(requests[tile])
        except (OSError, EOFError) as error:
            counts["truncated" if isinstance(error, EOFError) else "failed"] += 1
            connection = Connection(port)
            continue
        latencies[phase].append(time.perf_counter() - start)
        version = version_of(body, tile) if status == 200 else None
        if status != 200:
            counts["failed"] += 1
        elif version is None or version > shared.begun.value:
            counts["truncated"] += 1
        elif version < oldest:
            counts["stale"] += 1
    results.send((counts, [samples.tobytes() for samples in latencies]))


def start_wrk(url, connections, paths, folder):
    """wrk on one thread, over all tiles; its summary comes as JSON when it is interrupted."""
    script = folder / "tiles.lua"
    script.write_text(f"local paths = {{{', '.join(json.dumps(path) for path in paths)}}}\n" """
        local next_path = 0
        request = function()
          next_path = next_path % #paths + 1
          return wrk.format("GET", paths[next_path])
        end
        done = function(summary, latency)
          local e = summary.errors
          io.write(string.format('\\n{"requests": %d, "seconds": %f, "failed": %d}\\n', summary.requests, summary.duration / 1e6,
            e.connect + e.read + e.write + e.status + e.timeout))
        end""")
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", "-d24h", "-s", script, url], stdout=subprocess.PIPE, text=True)


def stop_wrk(process):
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    return json.loads(next(line for line in output.splitlines() if line.startswith("{")))


def in_child(function, *arguments):
    """What the function returns, called in a process of its own."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=lambda: theirs.send(function(*arguments)), daemon=True)
    child.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        raise RuntimeError(f"{function.__name__} failed") from None
    finally:
        child.join()


def publish_all(contender, options, shared, interval):
    """The replaces, not closer to each other than `interval` seconds: how long each took, and figures between them.

    Who makes the next version is elsewhere: that takes no processor time from the readers.
    """
    os.nice(PUBLISHER_NICE)
    durations, samples = [], {0: contender.figures()}
    for version in range(1, options.replaces + 1):
        content = contender.file.content(version)
        began = time.perf_counter()
        shared.begun.value = version
        durations.append(contender.publish(content))
        shared.acknowledged.value = version
        time.sleep(max(0, began + interval - time.perf_counter()))
        if version in SAMPLES or version == options.replaces:
            samples[version] = contender.figures()
    return durations, samples


def run_load(contender, options, folder, interval):
    """One run: quiet, then with replaces. Everything that was seen."""
    shared = Shared()
    paths = [contender.path_of(*address) for address in ADDRESSES]
    requests = [request_for(path) for path in paths]
    readers = []
    for number in range(options.readers):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        reader = multiprocessing.Process(target=read_tiles, daemon=True, args=(
            contender.port, requests, number * len(requests) // options.readers, 1 / options.rate if options.rate else 0,
            shared, theirs))
        reader.start()
        readers.append((reader, ours))
    wrk = start_wrk(f"http://127.0.0.1:{contender.port}", options.wrk_connections, paths, folder)
    try:
        time.sleep(WARM_UP_SECONDS)
        shared.phase.value = QUIET
        time.sleep(options.quiet)
        began = time.perf_counter()
        shared.phase.value = REPLACING
        durations, samples = in_child(publish_all, contender, options, shared, interval)
        seconds = time.perf_counter() - began
    finally:
        shared.phase.value = ENDING
        wrk_summary = stop_wrk(wrk)
    counts, latencies = {"failed": 0, "stale": 0, "truncated": 0}, [[] for _ in range(ENDING)]
    for reader, pipe in readers:
        seen, samples_of_reader = pipe.recv()
        reader.join()
        for name, count in seen.items():
            counts[name] += count
        for all_samples, of_reader in zip(latencies, samples_of_reader):
            all_samples.extend(array.array("d", of_reader))
    return {"counts": counts, "quiet": sorted(latencies[QUIET]), "replacing": sorted(latencies[REPLACING]), "seconds": seconds,
            "durations": durations, "samples": samples, "wrk": wrk_summary}


def milliseconds(run, phase):
    return [1000 * percentile(run[phase], 0.5), 1000 * percentile(run[phase], 0.99), 1000 * run[phase][-1]]


def print_tables(options, runs_of):
    """Counts are sums of all runs, times medians of the runs; `slowest` compares within a run."""
    def row(name, cell):
        return name, [cell(runs) for runs in runs_of.values()]

    def counted(kind):
        return lambda runs: sum(run["counts"][kind] for run in runs)

    def times(phase):
        return lambda runs: " / ".join(
            f"{statistics.median(figures):.1f}" for figures in zip(*(milliseconds(run, phase) for run in runs)))

    markdown(f"{options.replaces} replaces a run, {options.runs} run(s)", runs_of, [
        row("replace, median ms", lambda runs: f"{1000 * statistics.median(d for r in runs for d in r['durations']):.1f}"),
        row("requests of the readers", lambda runs: sum(len(r["quiet"]) + len(r["replacing"]) for r in runs)),
        row("… during replaces", lambda runs: sum(len(r["replacing"]) for r in runs)),
        row("failed", counted("failed")),
        row("stale", counted("stale")),
        row("truncated", counted("truncated")),
        row("read without replaces, p50 / p99 / max ms", times("quiet")),
        row("read during replaces, p50 / p99 / max ms", times("replacing")),
        row("slowest read during replaces / p99 without", lambda runs: f"{slowest_ratio(runs, 'replacing'):.1f}"),
        row("slowest read without / p99 without", lambda runs: f"{slowest_ratio(runs, 'quiet'):.1f}"),
        row("wrk: requests a second", lambda runs: f"{statistics.median(r['wrk']['requests'] / r['wrk']['seconds'] for r in runs):.0f}"),
        row("wrk: failed", lambda runs: sum(r["wrk"]["failed"] for r in runs)),
    ])
    samples = runs_of[OffgridContender.name][0]["samples"]
    markdown("the daemon after … replaces", samples, [
        ("descriptors", [figures[0] for figures in samples.values()]),
        ("threads", [figures[1] for figures in samples.values()]),
        ("resident MiB", [f"{figures[2]:.0f}" for figures in samples.values()])])


def slowest_ratio(runs, phase):
    """How often the 99th percentile without replaces the slowest read of a phase took, in the worst run."""
    return max(run[phase][-1] / percentile(run["quiet"], 0.99) for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/offgrid-sync", help="the program with the verb `daemon`")
    parser.add_argument("--replaces", type=int, default=2000)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--rate", type=float, default=200, help="requests a second of each reader; 0: as fast as they come")
    parser.add_argument("--wrk-connections", type=int, default=2, help="of wrk, which asks as fast as answers come")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quiet", type=float, default=10, help="seconds of reading without replaces, before them")
    parser.add_argument("--work", type=pathlib.Path, help="kept; default: a temporary folder")
    options = parser.parse_args()
    contenders = (OffgridContender, MapCacheContender)
    runs_of = {contender.name: [] for contender in contenders}
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or pathlib.Path(temporary)).resolve()
        interval = 0
        for number in range(options.runs):
            for kind in contenders:
                folder = work / f"run{number}" / kind.__name__
                with contextlib.ExitStack() as stack:
                    contender = kind(options, folder)
                    stack.callback(contender.stop)
                    run = run_load(contender, options, folder, interval if kind is MapCacheContender else 0)
                interval = run["seconds"] / options.replaces
                runs_of[kind.name].append(run)
        print_tables(options, runs_of)
    runs = runs_of[OffgridContender.name]
    is_sound = all(not any(run["counts"].values()) and run["wrk"]["failed"] == 0 for run in runs)
    sys.exit(0 if is_sound and slowest_ratio(runs, "replacing") <= SLOWEST_READ else "not as it should be")


if __name__ == "__main__":
    main()
