"""The cases of `serve_bench.py`: what is served to whom, what is seen, and what is to be reached."""
import contextlib
import dataclasses
import gzip
import http.client
import random
import resource
import select
import socket
import statistics
import threading
import time

from serve_load import Area, cpu_us_of, interleaved, run_load
from serve_servers import MapCache, Nginx, Offgrid, TileServer, status_of
from serve_tiles import FILES_TOP, NORTH, SIDE, SMALL_FOLDER_PACKAGES, WEST, Failed, PeerAbsent, addresses, read_all

MEASURED_CONNECTIONS = (16, 64, 256)
IDLE_CONNECTIONS = 2_000
TAGGED_TILES = 4_096
OPEN_FILES = 256


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the table: what was looked at, what is to be reached, what was seen; `is_reached` is None for a mere figure."""
    what: str
    reach: str
    seen: str
    is_reached: bool | None = None


def at_most(what, value, limit, form="{:.2f}x", note=""):
    return Row(what, "<= " + form.format(limit), form.format(value) + note, value <= limit)


class Cases:
    """Each method is a case, and returns the rows. Servers run for the length of it."""

    def __init__(self, tiles, work, program, options):
        self.tiles, self.work, self.program, self.options = tiles, work, program, options
        self.names = {
            "cpu": self.cpu, "p99": self.p99, "idle": self.idle, "folder": self.folder, "etag": self.etag,
            "descriptors": self.descriptors,
        }

    # --- The servers, with the tiles that they serve in the page cache

    def offgrid(self, served, layer, *options):
        read_all(served)
        return Offgrid(self.program, self.work, served, layer, *options)

    def ztop(self):
        return self.offgrid(self.tiles.package(), "ztop")

    def mbtiles(self):
        return self.offgrid(self.tiles.mbtiles(), "tiles")

    def nginx(self):
        files = self.tiles.folder()
        read_all(files)
        return Nginx(self.work, files)

    def mapcache(self):
        cache = self.tiles.mapcache()
        read_all(cache)
        return MapCache(self.work, cache)

    def tileserver(self):
        return TileServer(self.work, self.tiles.mbtiles())

    def running(self, stack, starts, absent):
        """The servers that can be started; what is not here is named in `absent`."""
        servers = []
        for start in starts:
            try:
                server = start()
            except PeerAbsent as peer:
                absent.append(Row(str(peer), "", "left out"))
                continue
            stack.callback(server.stop)
            server.wait_for(server.path_of(WEST, NORTH))
            require_same_tile(servers[0] if servers else server, server)
            servers.append(server)
        return servers

    # --- Cases

    def cpu(self):
        rows = []
        limits = {Nginx: 1.0, MapCache: 0.33, TileServer: 0.05}
        with contextlib.ExitStack() as stack:
            servers = self.running(stack, (self.ztop, self.mbtiles, self.nginx, self.mapcache, self.tileserver), rows)
            for connections in MEASURED_CONNECTIONS:
                for server in servers:  # threads, caches and open files come with the first requests
                    run_load(server, connections, 1)
                seen = interleaved(servers, self.options.runs,
                                   lambda server: run_load(server, connections, self.options.seconds))
                rows += [Row(f"{connections} connections: {server.name}", "", text_of(sample)) for server, sample in zip(servers, seen)]
                for server, sample in zip(servers, seen):
                    if not isinstance(server, Offgrid):
                        continue
                    rows.append(at_most(f"{connections} connections: {server.name}, CPU µs a request", sample.cpu_us, 20, "{:.1f}"))
                    rows += [at_most(f"{connections} connections: {server.name}, CPU to {peer.name}",
                                     sample.cpu_us / theirs.cpu_us, limits[type(peer)])
                             for peer, theirs in zip(servers, seen) if type(peer) in limits]
        return rows

    def p99(self):
        rows = []
        with contextlib.ExitStack() as stack:
            servers = self.running(stack, (self.ztop, self.mbtiles, self.nginx), rows)
            for server in servers:
                run_load(server, 16, 1)
            seen = interleaved(servers, self.options.runs, lambda server: run_load(server, 16, self.options.seconds))
            rows += [Row(f"16 connections: {server.name}", "", text_of(sample)) for server, sample in zip(servers, seen)]
            if isinstance(servers[-1], Nginx):
                rows += [at_most(f"16 connections: {server.name}, p99 to nginx", sample.p99_us / seen[-1].p99_us, 1.5)
                         for server, sample in zip(servers[:-1], seen)]
        return rows

    def idle(self):
        """Clients that asked once and then keep the connection; others pull tiles; now and then a new one comes."""
        allow_descriptors(IDLE_CONNECTIONS + 500)
        rows = []
        with contextlib.ExitStack() as stack:
            server, = self.running(stack, (self.ztop,), rows)
            clients = [stack.enter_context(contextlib.closing(connected(server))) for _ in range(IDLE_CONNECTIONS)]
            for client in clients:
                ask(client, server)
            waits = []
            with loaded(server, 64, self.options.seconds) as load:
                while load.is_alive():
                    waits.append(fresh_client_seconds(server))
                    time.sleep(0.05)
                memory = server.private_mib()
            broken = sum(not is_kept(client, server) for client in clients)
            rows += [Row(f"{IDLE_CONNECTIONS} idle connections and 64 that pull: {server.name}", "", text_of(load.sample)),
                     at_most(f"a fresh client, slowest of {len(waits)} (median {1000 * statistics.median(waits):.1f} ms)", max(waits), 0.5,
                             "{:.3f} s"),
                     at_most("private memory", memory, 64, "{:.1f} MiB"),
                     at_most("connections broken, idle and loaded", broken + load.sample.broken + load.sample.refused, 0, "{}")]
        return rows

    def folder(self):
        """From the start of the process to a tile of the last package; then tiles of all."""
        folder = self.tiles.many_packages()
        read_all(folder)
        last = f"/tiles/p{SMALL_FOLDER_PACKAGES - 1:05}/0/0/0.jpg"
        waits = []
        for _ in range(self.options.runs):
            with contextlib.ExitStack() as stack:
                server = self.offgrid(folder, "p00000")
                stack.callback(server.stop)
                waits.append(server.wait_for(last, interval=0.005))
                first_memory = server.private_mib()
                connection = stack.enter_context(contextlib.closing(connected(server)))
                numbers = random.Random(1).sample(range(SMALL_FOLDER_PACKAGES), SMALL_FOLDER_PACKAGES // 4)
                failed = sum(not is_answered(connection, server, f"/tiles/p{number:05}/0/0/0.jpg") for number in numbers)
                memory = server.private_mib()
        title = f"{SMALL_FOLDER_PACKAGES} packages in a folder"
        return [at_most(f"{title}: first tile after the start", statistics.median(waits), 2.0, "{:.2f} s"),
                at_most(f"{title}: private memory then", first_memory, 200, "{:.1f} MiB"),
                at_most(f"{title}: private memory after tiles of {len(numbers)}", memory, 200, "{:.1f} MiB"),
                at_most(f"{title}: tiles that failed", failed, 0, "{}")]

    def etag(self):
        rows = []
        with contextlib.ExitStack() as stack:
            for server in self.running(stack, (self.ztop, self.mbtiles), rows):
                some = random.Random(1).sample(addresses(), TAGGED_TILES)
                connection = stack.enter_context(contextlib.closing(connected(server)))
                paths = [server.path_of(x, y) for x, y in some]
                tags = [ask(connection, server, path)[1]["ETag"] for path in paths]
                if ask(connection, server, paths[0], {"If-None-Match": tags[0]})[0] != 304:
                    raise Failed("a tile that the client has is sent again")
                requests = {200: [request_for(path) for path in paths],
                            304: [request_for(path, f"If-None-Match: {tag}") for path, tag in zip(paths, tags)]}
                taken = {status: [] for status in requests}
                for _ in range(self.options.runs):
                    for status, asked in requests.items():
                        taken[status].append(cpu_us_of(server, asked, status, 64, self.options.seconds))
                full, hit = statistics.median(taken[200]), statistics.median(taken[304])
                rows.append(at_most(f"64 connections: {server.name}, CPU of a 304 to that of a tile", hit / full, 0.6,
                                    note=f" ({hit:.1f} and {full:.1f} µs)"))
        return rows

    def descriptors(self):
        """Random tiles of more files than may be open at a time."""
        package = self.tiles.many_files()
        rows = []
        with contextlib.ExitStack() as stack:
            server = self.offgrid(package, "many", "--max-open-files", str(OPEN_FILES))
            stack.callback(server.stop)
            server.wait_for(server.path_of(0, 0, FILES_TOP))
            area = Area(zoom=FILES_TOP, west=0, north=0, side=2**FILES_TOP)
            most = 0, 0
            with loaded(server, 64, 2 * self.options.seconds, area) as load:
                while load.is_alive():
                    most = tuple(map(max, most, server.open_files(".mbtiles")))
                    time.sleep(0.02)
            sample = load.sample
            title = f"{4**FILES_TOP} z-top files, {OPEN_FILES} open at a time"
            rows += [Row(f"{title}: random reads on 64 connections", "", text_of(sample)),
                     at_most(f"{title}: most tile files open (of {most[0]} descriptors)", most[1], OPEN_FILES, "{}"),
                     at_most(f"{title}: of {sample.requests} requests failed", sample.refused + sample.broken, 0, "{}")]
        return rows


def text_of(sample):
    return (f"{sample.cpu_us:.1f} µs CPU, {sample.rate:.0f} requests/s, p50 {sample.p50_us:.0f} µs, p99 {sample.p99_us:.0f} µs"
            + (f", **{sample.refused} refused, {sample.broken} broken**" if sample.refused or sample.broken else ""))


def require_same_tile(one, other):
    """Two servers give the same bytes for a tile, else they are not comparable."""
    bodies = []
    for server in (one, other):
        with contextlib.closing(connected(server)) as connection:
            status, headers, body = ask(connection, server, server.path_of(WEST + SIDE // 3, NORTH + SIDE // 2))
        is_packed = headers["Content-Encoding"] == "gzip"  # tileserver-gl compresses whatever it sends
        bodies.append((status, gzip.decompress(body) if is_packed else body))
    if bodies[0] != bodies[1] or bodies[0][0] != 200:
        raise Failed(f"{one.name} and {other.name} answer another tile")


def connected(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(connection, server, path=None, headers=None):
    connection.request("GET", path or server.path_of(WEST, NORTH), headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def request_for(path, *headers):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def is_answered(connection, server, path=None):
    try:
        return ask(connection, server, path)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def is_kept(connection, server):
    """Whether the server has left the connection open, and still answers on it."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0) and is_answered(connection, server)


def fresh_client_seconds(server):
    start = time.monotonic()
    status, _ = status_of(server.port, server.path_of(WEST + 1, NORTH + 1))
    if status != 200:
        raise Failed(f"a fresh client is answered {status}")
    return time.monotonic() - start


def allow_descriptors(count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise Failed(f"this needs {count} descriptors, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


class loaded(threading.Thread):
    """Load for as long as the block runs, at least; `sample` afterwards is what it saw."""

    def __init__(self, server, connections, seconds, area=Area()):
        super().__init__()
        self.arguments = server, connections, seconds, area
        self.sample = None
        self.failure = None

    def run(self):
        try:
            self.sample = run_load(*self.arguments)
        except (Failed, PeerAbsent) as failure:
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.join()
        if self.failure and kind is None:
            raise self.failure
