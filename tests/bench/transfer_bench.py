#!/usr/bin/env python3
"""Copy tiles with `offgrid transfer`, with `mapcache_seed -m transfer` and with one SQL statement, side by side.

    tests/bench/transfer_bench.py [--pack PROGRAM] [--runs N] [--work FOLDER] [--small-tiles N]

The source is an MBTiles file of 87 381 tiles of about 12 kB (zooms 0 to 8), made once: JPEG headers that MapCache knows, then
noise. MapCache copies zoom 5 only (1024 tiles): it does some hundreds a second; compare tiles a second. It is given -f:
without, MapCache 1.14 copies one tile and ends well. Runs are
interleaved; the tables show medians. The last runs copy a million small tiles and compare the rates of their first and their
last tenth. Ends with an error when offgrid is slower than MapCache, or slows down by more than a third.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEEPEST = 8
MAPCACHE_ZOOM = 5
JPEG_HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
JPEG_END = b"\xff\xd9"


def measured(command, env=None):
    """Run a command: wall seconds, CPU seconds, peak in MiB, standard output, standard error."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        out.seek(0)
        err.seek(0)
        if status != 0:
            sys.exit(f"failed: {command}\n{err.read().decode()}")
        return (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read().decode(), err.read().decode())


def make_source(path, zooms, size):
    """MBTiles, tables `map` and `images`, in the order of its index; the same bytes each time."""
    if path.exists():
        return
    noise = random.Random(1).randbytes(1 << 20)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    db = sqlite3.connect(part)
    db.executescript("""
        PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
        CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id TEXT, grid_id TEXT);
        CREATE TABLE images (tile_data BLOB, tile_id TEXT);
        CREATE TABLE metadata (name TEXT, value TEXT);
        CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_column, tile_row);
        CREATE UNIQUE INDEX images_id ON images (tile_id);
        CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column, map.tile_row AS tile_row,
          images.tile_data AS tile_data FROM map JOIN images ON images.tile_id = map.tile_id;""")
    db.executemany("INSERT INTO metadata VALUES (?, ?)",
                   [("name", "bench"), ("format", "jpg"), ("minzoom", str(zooms[0])), ("maxzoom", str(zooms[-1]))])
    number = 0
    for z in zooms:
        for x in range(2**z):
            rows = []
            for y in range(2**z):
                number += 1
                length = max(0, size // 2 + (number * 7919) % size - len(JPEG_HEAD) - 10)
                begin = (number * 104729) % (len(noise) - length)
                body = noise[begin:begin + length].replace(b"\xff", b"\xfe")
                rows.append((z, x, y, f"{z}-{x}-{y}", JPEG_HEAD + number.to_bytes(8, "big") + body + JPEG_END))
            db.executemany("INSERT INTO map (zoom_level, tile_column, tile_row, tile_id) VALUES (?, ?, ?, ?)",
                           [row[:4] for row in rows])
            db.executemany("INSERT INTO images (tile_id, tile_data) VALUES (?, ?)", [row[3:] for row in rows])
    db.commit()
    db.close()
    part.rename(path)


def write_config(work, source):
    """The source, a z-top cache, a single SQLite file and a folder of tiles as tilesets of MapCache, without its ±5 tiles."""
    config = work / "mapcache.xml"
    tilesets = "".join(
        f"<tileset name='{name}'><cache>{name}</cache><grid>GoogleMapsCompatible</grid><format>JPEG</format></tileset>"
        for name in ("source", "ztop", "single", "disk"))
    config.write_text(f"""<mapcache>
      <cache name="source" type="mbtiles"><dbfile>{source}</dbfile></cache>
      <cache name="ztop" type="sqlite3">
        <dbfile>{work}/ztop/z{{top}}-{{top_x}}-{{top_y}}.sqlite3</dbfile><top>4</top></cache>
      <cache name="single" type="sqlite3"><dbfile>{work}/single.sqlite3</dbfile></cache>
      <cache name="disk" type="disk"><base>{work}/disk</base></cache>
      {tilesets}
      <locker type="disk"><directory>{work}</directory></locker>
    </mapcache>""")
    return config


def clear(work, *names):
    for name in names:
        path = work / name
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            path.unlink()


class Bench:
    def __init__(self, options, work):
        self.options = options
        self.work = work
        self.env = {**os.environ, "XDG_STATE_HOME": str(work / "state")}

    def offgrid(self, source, destination, *words):
        run = measured([self.options.pack, "transfer", source, destination, "--json", "--restart", *words], self.env)
        return (*run[:3], json.loads(run[3])["tiles"], run[4])

    def mapcache(self, config, source, destination, zoom):
        run = measured(["mapcache_seed", "-q", "-c", config, "-m", "transfer", "-f", "-t", source, "-x", destination, "-g",
                        "GoogleMapsCompatible", "-z", f"{zoom},{zoom}", "-n", "1"])
        return (*run[:3], self.tiles_in(destination), "")  # it may copy one tile and succeed

    def tiles_in(self, destination):
        files = (self.work / "ztop").glob("*") if destination == "ztop" else [self.work / f"{destination}.sqlite3"]
        count = 0
        for file in files:
            with contextlib.closing(sqlite3.connect(file)) as db:
                count += db.execute("SELECT count(*) FROM tiles").fetchone()[0]
        return count

    def sqlite(self, source, destination):
        """What the disk and SQLite allow: one ordered statement."""
        statement = (
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            f"ATTACH '{source}' AS s;"
            "CREATE TABLE tiles (tileset TEXT, grid TEXT, x INTEGER, y INTEGER, z INTEGER, data BLOB, dim TEXT, ctime DATETIME,"
            " PRIMARY KEY (tileset, grid, x, y, z, dim));"
            "INSERT INTO tiles SELECT 'ztop', 'GoogleMapsCompatible', tile_column, tile_row, zoom_level, tile_data, '',"
            " datetime('now') FROM s.tiles ORDER BY zoom_level, tile_column, tile_row; SELECT changes();")
        run = measured(["sqlite3", destination, statement])
        return (*run[:3], int(run[3].split()[-1]), "")

    def compare(self, name, contenders):
        """Interleaved runs of functions that clear their destination first; the medians of tiles a second."""
        samples = {who: [] for who in contenders}
        for _ in range(self.options.runs):
            for who, run in contenders.items():
                samples[who].append(run())
        print(f"\n{name}, medians of {self.options.runs} runs")
        print(f"{'':32}{'tiles':>9}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'tiles/s':>10}")
        rates = {}
        for who, runs in samples.items():
            wall, cpu, peak = (statistics.median(run[i] for run in runs) for i in range(3))
            tiles = runs[0][3]
            rates[who] = tiles / wall
            print(f"{who:32}{tiles:9}{wall:9.2f}{cpu:9.2f}{peak:10.0f}{rates[who]:10.0f}")
        return rates

    def rates_of_tenths(self, source, destination):
        """Copy many small tiles: wall seconds, CPU seconds, peak in MiB, tiles/s of the first and the last tenth."""
        clear(self.work, "single.sqlite3", "small.mbtiles", "ztop")
        wall, cpu, peak, tiles, lines = self.offgrid(source, destination, "--progress-json")
        points = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]

        def seconds_at(share):
            return next((p["seconds"] for p in points if p["tiles"] >= share * tiles), wall)

        first, last = seconds_at(0.1), wall - seconds_at(0.9)
        return wall, cpu, peak, tiles / 10 / first, tiles / 10 / max(last, 1e-9)

    def is_steady(self, source, destinations):
        """Whether the last tenth of many small tiles is copied as fast as the first, or nearly so."""
        print(f"\nmany small tiles, medians of {self.options.runs} runs\n"
              f"{'':32}  wall s    CPU s  peak MiB  first tenth/s  last tenth/s")
        ratios = []
        for name, destination in destinations.items():
            runs = [self.rates_of_tenths(source, destination) for _ in range(self.options.runs)]
            wall, cpu, peak, first, last = (statistics.median(column) for column in zip(*runs))
            print(f"{name:32}{wall:8.2f} {cpu:8.2f}  {peak:8.0f}  {first:13.0f}  {last:12.0f}")
            ratios.append(last / first)
        return min(ratios) > 2 / 3

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", default=ROOT / "build/release/bin/offgrid-pack")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--small-tiles", type=int, default=1_000_000, help="rounded up to whole zooms; 0: leave it out")
    parser.add_argument("--work", type=pathlib.Path, help="kept; default: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or pathlib.Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        source = work / "source.mbtiles"
        make_source(source, range(DEEPEST + 1), 12_000)
        config = write_config(work, source)
        bench = Bench(options, work)

        def cleared(names, run):
            def go():
                clear(work, *names)
                return run()
            return go

        is_sound = True
        rates = bench.compare("MBTiles to z-top SQLite", {
            "offgrid transfer": cleared(["ztop"], lambda: bench.offgrid(source, f"{config}#ztop")),
            "mapcache_seed -m transfer": cleared(
                ["ztop"], lambda: bench.mapcache(config, "source", "ztop", MAPCACHE_ZOOM)),
            "sqlite3 insert … select": cleared(
                ["plain.sqlite3"], lambda: bench.sqlite(source, work / "plain.sqlite3")),
        })
        is_sound &= rates["offgrid transfer"] > rates["mapcache_seed -m transfer"]
        clear(work, "disk", "ztop", "plain.sqlite3")
        bench.offgrid(source, f"{config}#disk", "--zoom", f"0-{DEEPEST - 1}")
        rates = bench.compare("folder of tiles to SQLite", {
            "offgrid transfer": cleared(
                ["single.sqlite3"], lambda: bench.offgrid(f"{config}#disk", f"{config}#single", "--zoom", f"0-{DEEPEST - 1}")),
            "mapcache_seed -m transfer": cleared(
                ["single.sqlite3"], lambda: bench.mapcache(config, "disk", "single", MAPCACHE_ZOOM)),
        })
        is_sound &= rates["offgrid transfer"] > rates["mapcache_seed -m transfer"]
        clear(work, "disk", "single.sqlite3")
        if options.small_tiles:
            deepest = next(z for z in range(30) if 4**z >= options.small_tiles)
            small = work / f"small_{deepest}.mbtiles"
            make_source(small, [deepest], 60)
            is_sound &= bench.is_steady(small, {"one SQLite file": f"{config}#single", "z-top SQLite": f"{config}#ztop",
                                                "MBTiles": work / "small.mbtiles"})
    sys.exit(0 if is_sound else "slower than it should be")


if __name__ == "__main__":
    main()
