"""The tiles that `serve_bench.py` serves, in the layout of each server. Made once and kept in a folder; the same bytes each time."""
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZOOM, WEST, NORTH, SIDE = 17, 68_700, 46_000, 320  # Bavaria: 102 400 tiles; rows count from the north
TOP = 10  # the zoom of the tiles that z-top files are named by
MEAN_BYTES, SPREAD_BYTES = 11_000, 3_000
MEDIA = {"grid": "GoogleMapsCompatible", "format": "jpg"}

SMALL_FOLDER_PACKAGES = 10_000
FILES_TOP = 8  # 65 536 files


class Failed(Exception):
    """What cannot be made, or measured. Only its case ends."""


class PeerAbsent(Exception):
    """A program that is not installed."""


def flipped(zoom, row):
    """The row from the other side."""
    return 2**zoom - 1 - row


def addresses():
    """Column and row of all tiles."""
    return [(x, y) for x in range(WEST, WEST + SIDE) for y in range(NORTH, NORTH + SIDE)]


class Picture:
    """JPEG tiles that differ: a piece of the sample, with noise as a comment, which makes up the bytes of a tile in a detailed map."""

    def __init__(self, work):
        file = work / "picture.jpg"
        if not file.exists():
            if not shutil.which("gdal_translate"):
                raise PeerAbsent("gdal_translate, which cuts the picture of the tiles, is not installed")
            words = ["gdal_translate", "-q", "-of", "JPEG", "-co", "QUALITY=30", "-srcwin", 1100, 200, 256, 256,
                     ROOT / "examples/data/earth-blue-marble.jpg", file]
            subprocess.run([str(word) for word in words], check=True, env={**os.environ, "GDAL_PAM_ENABLED": "NO"})
        self.bytes = file.read_bytes()
        self.noise = random.Random(1).randbytes(1 << 20)

    def tile(self, number):
        """A tile of which no other has the bytes, 8 000 to 14 000 of them."""
        length = MEAN_BYTES - SPREAD_BYTES + number * 7919 % (2 * SPREAD_BYTES) - len(self.bytes)
        begin = number * 104_729 % (len(self.noise) - length)
        comment = number.to_bytes(8, "big") + self.noise[begin:begin + length - 8]
        return self.bytes[:2] + b"\xff\xfe" + (length + 2).to_bytes(2, "big") + comment + self.bytes[2:]


def made(path, make):
    """The path, after `make(part)` has made it unless it is there: an interrupted run leaves no half."""
    if not path.exists():
        part = path.with_name("part_" + path.name)
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
        make(part)
        part.rename(path)
    return path


class TileFile:
    """An MBTiles file as offgrid writes one: `map` points into `images`."""

    def __init__(self, path, page_size, metadata):
        self.db = sqlite3.connect(path)
        self.db.executescript(f"""
            PRAGMA page_size={page_size}; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA application_id=0x4d504258;
            CREATE TABLE metadata (name text, value text);
            CREATE TABLE images (tile_id text, tile_data blob, PRIMARY KEY (tile_id));
            CREATE TABLE map (zoom_level integer, tile_column integer, tile_row integer, tile_id text,
             PRIMARY KEY (zoom_level, tile_column, tile_row));
            CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column,
             map.tile_row AS tile_row, images.tile_data AS tile_data FROM map JOIN images ON images.tile_id = map.tile_id;""")
        self.db.executemany("INSERT INTO metadata VALUES (?, ?)", sorted(metadata.items()))

    def put(self, zoom, x, y, content):
        digest = hashlib.md5(content).hexdigest()
        self.db.execute("INSERT INTO images VALUES (?, ?)", (digest, content))
        self.db.execute("INSERT INTO map VALUES (?, ?, ?, ?)", (zoom, x, flipped(zoom, y), digest))

    def close(self):
        self.db.commit()
        self.db.close()


def metadata_of(name, zoom):
    return {"name": name, "format": "jpg", "minzoom": str(zoom), "maxzoom": str(zoom)}


def manifest(layer, zoom, names, files, **pyramids):
    """The `manifest.json` of a package with one set of files: formats/package/README.md. `files`: name -> (bytes, tiles)."""
    return json.dumps({
        "offgrid": 1, "layer": layer, "title": layer, **MEDIA, "zooms": [zoom, zoom],
        "bounds": [-180, -85.0511287798066, 180, 85.0511287798066],
        "pyramids": [{"zooms": [zoom, zoom], "names": names, **pyramids}],
        "files": [{"name": name, "bytes": size, "sha256": digest, "zooms": [zoom, zoom], "tiles": tiles}
                  for name, (size, digest, tiles) in sorted(files.items())]})


def described(path, tiles):
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest(), tiles


class Tiles:
    """Each layout in the folder, made when it is asked for."""

    def __init__(self, work):
        self.work = work
        self.picture = Picture(work)

    def mbtiles(self):
        def make(part):
            file = TileFile(part, 2048, metadata_of("tiles", ZOOM))
            for number, (x, y) in enumerate(addresses()):
                file.put(ZOOM, x, y, self.picture.tile(number))
            file.close()
        return made(self.work / "tiles.mbtiles", make)

    def package(self):
        """The layer `ztop`. Names count rows from the grid's origin, which is in the south."""
        def make(part):
            part.mkdir()
            files, counts = {}, {}
            for number, (x, y) in enumerate(addresses()):
                shift = ZOOM - TOP
                name = f"z{TOP}-{x >> shift}-{flipped(ZOOM, y) >> shift}.mbtiles"
                if name not in files:
                    files[name] = TileFile(part / name, 2048, metadata_of("ztop", ZOOM))
                files[name].put(ZOOM, x, y, self.picture.tile(number))
                counts[name] = counts.get(name, 0) + 1
            for file in files.values():
                file.close()
            (part / "manifest.json").write_text(manifest(
                "ztop", ZOOM, "z{top}-{top_x}-{top_y}.mbtiles",
                {name: described(part / name, count) for name, count in counts.items()}, top=TOP))
        return made(self.work / "ztop", make)

    def folder(self):
        """Z/X/Y.jpg, rows from the north."""
        def make(part):
            for number, (x, y) in enumerate(addresses()):
                column = part / str(ZOOM) / str(x)
                if y == NORTH:
                    column.mkdir(parents=True)
                (column / f"{y}.jpg").write_bytes(self.picture.tile(number))
        return made(self.work / "files", make)

    def mapcache(self):
        """A folder with a MapCache `sqlite` cache, as its own CREATE TABLE has it; rows from the south."""
        def make(part):
            part.mkdir()
            db = sqlite3.connect(part / "cache.sqlite3")
            db.executescript("""PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
                CREATE TABLE tiles (tileset TEXT, grid TEXT, x INTEGER, y INTEGER, z INTEGER, data BLOB, dim TEXT,
                 ctime DATETIME, PRIMARY KEY (tileset, grid, x, y, z, dim));""")
            db.executemany(
                "INSERT INTO tiles VALUES ('tiles', 'GoogleMapsCompatible', ?, ?, ?, ?, '', datetime('now'))",
                ((x, flipped(ZOOM, y), ZOOM, self.picture.tile(number)) for number, (x, y) in enumerate(addresses())))
            db.commit()
            db.close()
        return made(self.work / "mapcache", make)

    def many_packages(self):
        """A folder of packages `p00000`, `p00001` … of one tile each, 0/0/0."""
        def make(part):
            part.mkdir()
            file = TileFile(":memory:", 1024, metadata_of("p", 0))
            file.put(0, 0, 0, self.picture.bytes)
            file.db.commit()
            content = file.db.serialize()
            digest = hashlib.sha256(content).hexdigest()
            for number in range(SMALL_FOLDER_PACKAGES):
                package = part / f"p{number:05}"
                package.mkdir()
                (package / "all.mbtiles").write_bytes(content)
                (package / "manifest.json").write_text(
                    manifest(package.name, 0, "all.mbtiles", {"all.mbtiles": (len(content), digest, 1)}))
        return made(self.work / "many_packages", make)

    def many_files(self):
        """The layer `many`: one package of 65 536 files, each with one tile of that zoom."""
        def make(part):
            part.mkdir()
            file = TileFile(":memory:", 1024, metadata_of("many", FILES_TOP))
            file.put(FILES_TOP, 0, 0, b"")
            files = {}
            for x in range(2**FILES_TOP):
                for y in range(2**FILES_TOP):
                    row = flipped(FILES_TOP, y)
                    tile = b"\xff\xd8\xff\xe0" + x.to_bytes(2, "big") + y.to_bytes(2, "big") + b"\xff\xd9"
                    file.db.execute("UPDATE map SET tile_column = ?, tile_row = ?", (x, row))
                    file.db.execute("UPDATE images SET tile_data = ?", (tile,))
                    file.db.commit()
                    content = file.db.serialize()
                    name = f"z{FILES_TOP}-{x}-{row}.mbtiles"
                    (part / name).write_bytes(content)
                    files[name] = (len(content), hashlib.sha256(content).hexdigest(), 1)
            (part / "manifest.json").write_text(
                manifest("many", FILES_TOP, "z{top}-{top_x}-{top_y}.mbtiles", files, top=FILES_TOP))
        return made(self.work / "many_files", make)


def read_all(path):
    """Bring files into the page cache: what is measured is the server, not the disk."""
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.is_file():
            with file.open("rb") as opened:
                while opened.read(1 << 20):
                    pass

