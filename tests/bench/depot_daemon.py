"""What the benchmarks of replaces share: a daemon on free ports, tile files with versions in them, figures from /proc."""
import contextlib
import hashlib
import http.client
import json
import pathlib
import random
import sqlite3
import statistics
import subprocess
import time
import uuid
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PNG_HEAD = bytes.fromhex("89504e470d0a1a0a")
HASH_BYTES = 32
LAYER = "bench"


def tile_body(version, tile, size):
    """Bytes that pass for a PNG tile, and say whose they are and whether they are whole."""
    head = PNG_HEAD + f"{version:010} {tile:04} ".encode()
    body = head + random.Random(version * 65_537 + tile).randbytes(size - len(head) - HASH_BYTES)
    return body + hashlib.sha256(body).digest()


def version_of(body, tile):
    """The version that the bytes say they are of; None when they are not whole, or of another tile."""
    head = body[len(PNG_HEAD):len(PNG_HEAD) + 16]
    if hashlib.sha256(body[:-HASH_BYTES]).digest() != body[-HASH_BYTES:] or head[11:15] != f"{tile:04}".encode():
        return None
    return int(head[:10])


class TileFile:
    """An MBTiles file in memory, with the tables that MapCache and offgrid know, whose tiles can be written anew."""

    def __init__(self, addresses, size):
        """`addresses`: (zoom, column, row from the south) of the tiles, each of which gets `size` bytes."""
        self.size = size
        self.count = len(addresses)
        self.db = sqlite3.connect(":memory:")
        self.db.executescript("""
            CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id TEXT, grid_id TEXT);
            CREATE TABLE images (tile_data BLOB, tile_id TEXT);
            CREATE TABLE metadata (name TEXT, value TEXT);
            CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_column, tile_row);
            CREATE UNIQUE INDEX images_id ON images (tile_id);
            CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column,
              map.tile_row AS tile_row, images.tile_data AS tile_data FROM map JOIN images ON images.tile_id = map.tile_id;
            INSERT INTO metadata VALUES ('name', 'bench'), ('format', 'png');""")
        self.db.executemany("INSERT INTO map (zoom_level, tile_column, tile_row, tile_id) VALUES (?, ?, ?, ?)",
                            [(*address, str(tile)) for tile, address in enumerate(addresses)])
        self.db.executemany("INSERT INTO images (tile_id, tile_data) VALUES (?, zeroblob(?))",
                            [(str(tile), size) for tile in range(self.count)])
        self.db.commit()

    def move(self, zoom, column, row):
        """Give another address to the only tile."""
        self.db.execute("UPDATE map SET zoom_level = ?, tile_column = ?, tile_row = ?", (zoom, column, row))

    def content(self, version):
        """The bytes of the file with all tiles in that version."""
        self.db.executemany("UPDATE images SET tile_data = ? WHERE tile_id = ?",
                            [(tile_body(version, tile, self.size), str(tile)) for tile in range(self.count)])
        self.db.commit()
        return self.db.serialize()


def manifest(zooms, pyramids, files):
    """The manifest of a package; `files`: name -> (bytes of the file, number of tiles)."""
    return json.dumps({
        "offgrid": 1, "layer": LAYER, "title": LAYER, "grid": "GoogleMapsCompatible", "format": "png", "zooms": zooms,
        "bounds": [-180, -85.0511287798066, 180, 85.0511287798066], "pyramids": pyramids,
        "files": [{"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
                   "zooms": pyramids[0]["zooms"], "tiles": tiles} for name, (content, tiles) in sorted(files.items())]})


def write_package(path, zooms, pyramids, files):
    """A zip with the package."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", manifest(zooms, pyramids, files))
        for name, (content, _) in files.items():
            archive.writestr(name, content)
    return path


class Daemon:
    """`offgrid daemon` on free ports of this machine, its depot in a folder of its own."""

    name = "offgrid daemon"

    def __init__(self, program, folder):
        self.depot = folder / "depot"
        self.log = folder / "daemon.log"
        folder.mkdir(parents=True)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [program, "daemon", self.depot, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.admin_port = self.port_behind("administration on")
        self.port = self.port_behind("serving on")

    def port_behind(self, words):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in self.log.read_text().splitlines():
                if words in line:
                    return int(line.rsplit(":", 1)[1].split()[0].rstrip("/"))
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"the daemon did not come up:\n{self.log.read_text()}")

    def replace(self, content, destination=None):
        """POST one file, bytes or a path, as `curl -F` would; the seconds until the answer."""
        boundary = uuid.uuid4().hex
        fields = {"layer": LAYER} | ({"destination": destination} if destination else {})
        head = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                       for name, value in fields.items())
        head += (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="upload"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n")
        file = content if isinstance(content, bytes) else content.read_bytes()
        body = head.encode() + file + f"\r\n--{boundary}--\r\n".encode()
        start = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=600)
        with contextlib.closing(connection):
            connection.request("POST", "/rest/sqlite/replace", body,
                               {"Content-Type": f"multipart/form-data; boundary={boundary}"})
            response = connection.getresponse()
            answer = response.read().decode(errors="replace")
        if response.status != 200:
            raise RuntimeError(f"replace answered {response.status}: {answer}")
        return time.perf_counter() - start

    def figures(self):
        """Descriptors, threads, and resident MiB of the process."""
        proc = pathlib.Path("/proc") / str(self.process.pid)
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        return (len(list((proc / "fd").iterdir())), int(status["Threads"]), int(status["VmRSS"].split()[0]) / 1024)

    def written(self):
        """Bytes that the process has handed to write(2), and bytes that it has caused to be written to a disk."""
        lines = (pathlib.Path("/proc") / str(self.process.pid) / "io").read_text().splitlines()
        counters = {name: int(value) for name, value in (line.split(": ") for line in lines)}
        return counters["wchar"], counters["write_bytes"]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def markdown(title, columns, rows):
    """Print a table: one row a figure, one column a contender."""
    print(f"\n| {title} | {' | '.join(map(str, columns))} |")
    print(f"|---|{'---|' * len(columns)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(str(cell) for cell in cells)} |")


def median_of(results, key):
    return statistics.median(key(result) for result in results)
