"""The servers that `serve_bench.py` measures: each starts on a free port of this machine with its log on, and is stopped by its id."""
import contextlib
import http.client
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import socket
import subprocess
import time

from serve_tiles import SIDE, ZOOM, Failed, PeerAbsent, flipped

TILESERVER = pathlib.Path(__file__).resolve().parent / "servers/node_modules/tileserver-gl-light"
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")
START_SECONDS = 60
MANY_DESCRIPTORS = 250_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_of(port, path, headers=None):
    """Status and headers of one answer, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers


def most_descriptors():
    """To how many a process that this one starts may raise its limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MANY_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard


def tree(pid):
    """A process and all that descend from it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += tree(int(child))
    return found


class Server:
    """A running server; what it says goes to a file. `prefix` and `suffix` go around Z/X/Y of a tile's address."""

    prefix, suffix, is_from_south = "", ".jpg", False

    def __init__(self, name, words, folder, port, env=None):
        self.name = name
        self.port = port
        self.log = folder / "server.log"
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([str(word) for word in words], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={**os.environ, **(env or {})})

    def path_of(self, x, y, zoom=ZOOM):
        return f"{self.prefix}/{zoom}/{x}/{flipped(zoom, y) if self.is_from_south else y}{self.suffix}"

    def wait_for(self, path, interval=0.05):
        """Seconds from the start until the address is answered with 200."""
        last = "no answer"
        while time.monotonic() < self.started + START_SECONDS and self.process.poll() is None:
            try:
                last = status_of(self.port, path)[0]
                if last == 200:
                    return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(interval)
        self.stop()
        said = self.log.read_text(errors="replace").strip().splitlines() or [""]
        raise Failed(f"{self.name} did not come up ({last}): {said[-1]}")

    def cpu(self):
        """Seconds of processor time of all its processes, user and system."""
        ticks = 0
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def private_mib(self):
        """Memory that would be free without it: what it has written to, and is in no file that others map."""
        kilobytes = 0
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                kilobytes += int(re.search(r"^Private_Dirty: *(\d+)", text, re.MULTILINE)[1])
        return kilobytes / 1024

    def open_files(self, suffix):
        """How many descriptors are open now, and how many of them of files that end so."""
        everything = of_kind = 0
        folder = f"/proc/{self.process.pid}/fd"
        for descriptor in os.listdir(folder):
            with contextlib.suppress(OSError):
                of_kind += os.readlink(f"{folder}/{descriptor}").endswith(suffix)
            everything += 1
        return everything, of_kind

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Offgrid(Server):
    def __init__(self, program, work, served, layer, *options):
        self.prefix = f"/tiles/{layer}"
        port = free_port()
        folder = fresh_folder(work / f"offgrid_{layer}")
        words = [program, "serve", served, "--listen", f"127.0.0.1:{port}", "--quiet", *options]
        if "--access-log" in subprocess.run([program, "serve", "--help"], capture_output=True, text=True).stdout:
            words += ["--access-log", folder / "access.log"]
        super().__init__(f"offgrid, {layer}", words, folder, port)


class Nginx(Server):
    """Static files: two processes, and descriptors of all of them kept open where the system allows as many."""

    def __init__(self, work, root):
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            raise PeerAbsent("nginx is not installed")
        folder = fresh_folder(work / "nginx")
        port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        limit = most_descriptors()
        # A cache of descriptors that does not hold all of them costs more than it saves.
        cache = f"open_file_cache max={limit} inactive=1h; open_file_cache_valid 1h;" if limit >= 2 * SIDE**2 else ""
        (folder / "nginx.conf").write_text(f"""
            {user}
            daemon off;
            worker_processes 2;
            worker_rlimit_nofile {limit};
            pid {folder}/nginx.pid;
            error_log {folder}/error.log warn;
            events {{ worker_connections 8192; }}
            http {{
              types {{ image/jpeg jpg; }}
              access_log {folder}/access.log combined buffer=64k flush=5s;
              sendfile on;
              tcp_nopush on;
              etag on;
              keepalive_timeout 75s;
              keepalive_requests 1000000000;
              {cache}
              client_body_temp_path {folder}/body;
              proxy_temp_path {folder}/proxy;
              fastcgi_temp_path {folder}/fastcgi;
              uwsgi_temp_path {folder}/uwsgi;
              scgi_temp_path {folder}/scgi;
              server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
            }}""")
        super().__init__("nginx, files", [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"], folder, port)


class MapCache(Server):
    """Apache's event MPM with mod_mapcache, and threads enough for every connection of the load."""

    prefix, is_from_south = "/mapcache/tms/1.0.0/tiles@GoogleMapsCompatible", True

    def __init__(self, work, cache):
        program = shutil.which("apache2", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program or not (APACHE_MODULES / "mod_mapcache.so").exists():
            raise PeerAbsent("Apache with mod_mapcache is not installed")
        folder = fresh_folder(work / "apache")
        port = free_port()
        (folder / "mapcache.xml").write_text(f"""<mapcache>
          <cache name="tiles" type="sqlite3"><dbfile>{cache}/cache.sqlite3</dbfile></cache>
          <tileset name="tiles"><cache>tiles</cache><grid>GoogleMapsCompatible</grid><format>JPEG</format></tileset>
          <service type="tms" enabled="true"/>
          <locker type="disk"><directory>{folder}</directory></locker>
        </mapcache>""")
        is_root = os.geteuid() == 0
        modules = ["mpm_event", "authz_core", "mapcache"]
        (folder / "apache.conf").write_text("\n".join([
            f"ServerRoot {folder}", "ServerName localhost", f"Listen 127.0.0.1:{port}", f"PidFile {folder}/apache.pid",
            f"ErrorLog {folder}/error.log", *(["User www-data", "Group www-data"] if is_root else []),
            *(f"LoadModule {module}_module {APACHE_MODULES}/mod_{module}.so" for module in modules),
            "ServerLimit 2", "StartServers 2", "ThreadsPerChild 150", "ThreadLimit 150", "MaxRequestWorkers 300",
            "KeepAlive On", "MaxKeepAliveRequests 0", "KeepAliveTimeout 60", "BufferedLogs On",
            r'LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined',
            f"CustomLog {folder}/access.log combined", f"MapCacheAlias /mapcache {folder}/mapcache.xml", ""]))
        if is_root:  # Apache gives up its rights and then needs the way to the cache
            owner = pwd.getpwnam("www-data")
            for path in (folder, cache, cache / "cache.sqlite3"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            os.chmod(work, os.stat(work).st_mode | 0o055)
        super().__init__("Apache + mod_mapcache, sqlite", [program, "-f", folder / "apache.conf", "-DFOREGROUND"], folder, port)


class TileServer(Server):
    prefix = "/data/tiles"

    def __init__(self, work, mbtiles):
        if not shutil.which("node") or not TILESERVER.is_dir():
            raise PeerAbsent("tileserver-gl-light is not installed: npm ci --prefix tests/bench/servers")
        folder = fresh_folder(work / "tileserver")
        port = free_port()
        paths = {"root": str(folder), "fonts": "", "sprites": "", "styles": "", "mbtiles": str(mbtiles.parent)}
        (folder / "config.json").write_text(json.dumps(
            {"options": {"paths": paths}, "styles": {}, "data": {"tiles": {"mbtiles": mbtiles.name}}}))
        words = ["node", TILESERVER / "src/main.js", "--config", folder / "config.json", "--bind", "127.0.0.1", "--port", port,
                 "--log_file", folder / "access.log", "--log_format", "combined"]
        super().__init__("tileserver-gl-light, MBTiles", words, folder, port, {"NODE_ENV": "production"})


def fresh_folder(path):
    if path.is_dir():
        shutil.rmtree(path)
    path.mkdir()
    return path
