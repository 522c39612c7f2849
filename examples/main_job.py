#!/usr/bin/env python3
"""The main job from end to end, on the sample: pack it, serve it, replace a part of it while it is being read.

    examples/main_job.py --programs build/release/bin

Prints a table at the end. On a terminal it then goes on serving until Ctrl-C. Exits with 1 when a request failed.
"""
import argparse
import contextlib
import hashlib
import http.client
import json
import multiprocessing
import os
import pathlib
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile

SAMPLE = pathlib.Path(__file__).resolve().parent / "data" / "earth-blue-marble.jpg"
LAYER = "blue-marble"
VERSIONS = {"first": [], "second": ["--quality", "50"]}  # take turns under one name; the first is packed as by default


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="the folder with the program offgrid")
    parser.add_argument("--raster", type=pathlib.Path, default=SAMPLE, help="what to pack (default: the sample)")
    parser.add_argument("--replaces", type=int, default=100, help="how many times to replace a file (100)")
    parser.add_argument("--readers", type=int, default=4, help="how many clients read meanwhile (4)")
    parser.add_argument("--port", type=int, default=8080, help="where to serve; a free port when it is taken (8080)")
    parser.add_argument("--serve", choices=("auto", "yes", "no"), default="auto",
                        help="go on serving at the end (auto: on a terminal)")
    return parser.parse_args()


def pack(program, raster, folder, options):
    command = [program, "pack", raster, "-o", folder, "--layer", LAYER, "--json", "--quiet", *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def top_file(package):
    """The file of the top zoom with the most bytes: the one with the most to see."""
    manifest = json.loads((package / "manifest.json").read_text())
    deepest = manifest["zooms"][1]
    return max((f for f in manifest["files"] if f["zooms"][1] == deepest), key=lambda f: f["bytes"])["name"]


def digests(file):
    """Path of each tile of the file, rows from the north as in a URL, and the SHA-256 of its bytes."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as db:
        rows = db.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles").fetchall()
    return {f"/tiles/{LAYER}/{z}/{x}/{2 ** z - 1 - y}.jpg": hashlib.sha256(data).digest() for z, x, y, data in rows}


def free_port(wanted=0):
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise OSError("no free port")


@contextlib.contextmanager
def daemon(program, depot, port, admin_port, log):
    command = [program, "daemon", depot, "--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin_port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until_up(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(process, port, log):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the daemon ended at its start:\n{log.read_text()}")
        with contextlib.suppress(OSError):
            if get(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/health")[0] == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the daemon did not come up in 30 s:\n{log.read_text()}")


def get(connection, path):
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.read()


def replace(admin_port, content, destination=None):
    """POST one file, or a zip of a package, as curl -F would."""
    boundary = uuid.uuid4().hex
    fields = {"layer": LAYER} | ({"destination": destination} if destination else {})
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
             for k, v in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="upload"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n".encode() + content)
    parts.append(f"\r\n--{boundary}--\r\n".encode())
    connection = http.client.HTTPConnection("127.0.0.1", admin_port, timeout=120)
    connection.request("POST", "/rest/sqlite/replace", b"".join(parts),
                       {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    response = connection.getresponse()
    answer = response.read().decode(errors="replace")
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"replace answered {response.status}: {answer}")


def zip_of(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
    return path.read_bytes()


def read_tiles(port, versions, stop, results):
    """Pull tiles on one connection until told to stop. Every body must be that of one of the versions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    requests, slowest, failures = 0, 0.0, []
    while not stop.is_set():
        for path in versions[0]:
            start = time.perf_counter()
            try:
                status, body = get(connection, path)
                digest = hashlib.sha256(body).digest()
                if status != 200 or all(version[path] != digest for version in versions):
                    failures.append(f"{path}: status {status}, {len(body)} bytes")
            except (OSError, http.client.HTTPException) as error:
                failures.append(f"{path}: {error!r}")
                connection.close()
            slowest = max(slowest, time.perf_counter() - start)
            requests += 1
    results.put((requests, slowest, failures))


def replace_while_reading(arguments, packages, port, admin_port):
    name = top_file(packages[0])
    contents = [(package / name).read_bytes() for package in packages]
    versions = [digests(package / name) for package in packages]

    context = multiprocessing.get_context("fork")
    stop, results = context.Event(), context.Queue()
    readers = [context.Process(target=read_tiles, args=(port, versions, stop, results), daemon=True)
               for _ in range(arguments.readers)]
    own = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    durations, stale = [], []
    start = time.perf_counter()
    try:
        for reader in readers:
            reader.start()
        for i in range(1, arguments.replaces + 1):
            began = time.perf_counter()
            replace(admin_port, contents[i % 2], name)
            durations.append(time.perf_counter() - began)
            path = list(versions[0])[i % len(versions[0])]
            status, body = get(own, path)
            if status != 200 or hashlib.sha256(body).digest() != versions[i % 2][path]:
                stale.append(f"{path}: not the new tile after replace {i}")
    finally:
        stop.set()
    counts = [results.get(timeout=60) for _ in readers]
    seconds = time.perf_counter() - start
    for reader in readers:
        reader.join()
    return {"file": name, "durations": durations, "seconds": seconds,
            "requests": sum(c[0] for c in counts) + len(durations), "slowest": max(c[1] for c in counts),
            "failures": stale + [f for c in counts for f in c[2]]}


def print_table(arguments, packed, package, job):
    size = sum(f.stat().st_size for f in package.rglob("*") if f.is_file())
    files = sum(1 for f in package.rglob("*") if f.is_file())
    milliseconds = [1000 * d for d in job["durations"]]
    rows = [
        ("tiles packed", f"{packed['tiles']}", f"{packed['tiles'] / max(packed['seconds'], 1e-9):.0f} a second"),
        ("package", f"{size / 1e6:.2f} MB", f"{files} files"),
        ("replaces", f"{len(milliseconds)}", f"of {job['file']}; median {statistics.median(milliseconds):.1f} ms, "
                                             f"slowest {max(milliseconds):.1f} ms"),
        ("requests", f"{job['requests']}", f"by {arguments.readers} readers meanwhile; "
                                           f"{job['requests'] / job['seconds']:.0f} a second"),
        ("failed", f"{len(job['failures'])}", "not 200, cut short, or neither the old nor the new bytes"),
        ("slowest", f"{1000 * job['slowest']:.1f} ms", "of these requests"),
    ]
    print()
    for name, figure, remark in rows:
        print(f"  {name:<14}{figure:>12}   {remark}")
    print()
    for failure in job["failures"][:10]:
        print(f"  {failure}", file=sys.stderr)


def run(arguments, folder):
    program = arguments.programs.resolve() / "offgrid"
    print(f"Packing {arguments.raster.name} in two versions ...", flush=True)
    packages = [folder / version for version in VERSIONS]
    packed = [pack(program, arguments.raster, *each) for each in zip(packages, VERSIONS.values())]

    os.sync()  # or the first replaces would wait until what a build has just written is on the disk
    port, admin_port = free_port(arguments.port), free_port()
    with daemon(program, folder / "depot", port, admin_port, folder / "daemon.log") as process:
        replace(admin_port, zip_of(packages[0], folder / "package.zip"))
        print(f"Replacing a file {arguments.replaces} times while {arguments.readers} readers pull tiles ...", flush=True)
        job = replace_while_reading(arguments, packages, port, admin_port)
        print_table(arguments, packed[0], packages[0], job)
        keep_serving = arguments.serve == "yes" or (arguments.serve == "auto" and sys.stdout.isatty())
        if keep_serving:
            print(f"Open http://127.0.0.1:{port}/ to see it. Ctrl-C ends.", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                process.wait()
        else:
            print(f"It was served at http://127.0.0.1:{port}/; on a terminal it stays there until Ctrl-C.", flush=True)
    return 1 if job["failures"] else 0


def end_as_interrupted(*_):
    raise KeyboardInterrupt


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, end_as_interrupted)
    signal.signal(signal.SIGHUP, end_as_interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="offgrid-main-job-") as folder:
            return run(arguments, pathlib.Path(folder))
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"main_job: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
