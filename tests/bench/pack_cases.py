"""The cases of `pack_bench.py`: what `offgrid pack` runs, what its peer runs, and the goal."""
import dataclasses
import json
import math
import os
import pathlib
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
import time
import typing

from pack_rasters import GRID_PIXEL_M, PIXEL_M, Failed, run

HIGH = 15  # to which 5 m are nearest
FLOOR_LOW = 8  # rasterfloor knows no other


class CaseSkipped(Exception):
    """A peer that is not here."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What the commands of one run took together, and what they left; the peak is that of the largest process."""
    wall: float
    cpu: float
    peak: float
    bytes: int
    tiles: int | None
    zooms: str


@dataclasses.dataclass(frozen=True)
class Contender:
    """Commands that run one after the other and make one output, which is deleted before the next run."""
    source: pathlib.Path
    commands: list[list]
    output: pathlib.Path
    tiles_in: typing.Callable  # of the output and the last standard output: the number of tiles, and the zooms
    env: dict = dataclasses.field(default_factory=dict)

    def text(self):
        """The commands as one would type them, with no folders."""
        settings = [f"{key}={value}" for key, value in self.env.items()]
        return " && ".join(
            " ".join(settings + [shlex.quote(word.name if isinstance(word, pathlib.Path) else str(word)) for word in command])
            for command in self.commands)

    def run(self):
        remove(self.output)
        os.sync()  # what former runs wrote is not to disturb this one
        wall = cpu = peak = 0
        for command in self.commands:
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                start = time.monotonic()
                try:
                    process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=err,
                                               env={**os.environ, **self.env})
                except OSError as error:
                    raise Failed(f"{command[0]}: {error.strerror}") from error
                _, status, usage = os.wait4(process.pid, 0)  # with the children that it has waited for
                wall += time.monotonic() - start
                cpu += usage.ru_utime + usage.ru_stime
                peak = max(peak, usage.ru_maxrss / 1024)
                out.seek(0)
                err.seek(0)
                process.returncode = os.waitstatus_to_exitcode(status)
                if process.returncode != 0:
                    cause = err.read().decode(errors="replace").strip().splitlines() or [f"status {process.returncode}"]
                    raise Failed(f"{pathlib.Path(command[0]).name}: {cause[-1]}")
                said = out.read().decode(errors="replace")
        tiles, zooms = self.tiles_in(self.output, said)
        return Run(wall, cpu, peak, bytes_of(self.output), tiles, zooms)


@dataclasses.dataclass(frozen=True)
class Ratio:
    """Our figure is at most `limit` times that of the peer."""
    figure: str
    limit: float

    def value(self, medians):
        ours, theirs = (getattr(each, self.figure) for each in medians)
        return ours / theirs

    def texts(self, value):
        name = {"cpu": "CPU", "wall": "wall", "bytes": "bytes"}[self.figure]
        return f"{name} {value:.3f}", f"{name} <= {self.limit:.2f}"


@dataclasses.dataclass(frozen=True)
class Peak:
    """No run of ours takes more memory, in MiB."""
    limit: float

    def value(self, medians):
        return medians[0].peak

    def texts(self, value):
        return f"{value:.0f} MiB", f"<= {self.limit} MiB"


@dataclasses.dataclass(frozen=True)
class Growth:
    """The CPU time a tile of the sizes is within a share of the least."""
    limit: float

    def value(self, medians):
        of_tiles = [each.cpu / each.tiles for each in medians]
        return max(of_tiles) / min(of_tiles) - 1

    def texts(self, value):
        return f"CPU a tile within {value:.0%}", f"within {self.limit:.0%}"


@dataclasses.dataclass(frozen=True)
class Case:
    """What is run side by side. Of a ratio, the first contender is ours."""
    title: str
    contenders: list[Contender]
    goals: list


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def bytes_of(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size


def tiles_of_json(_, said):
    """Of `offgrid pack --json`."""
    summary = json.loads(said.splitlines()[-1])
    return summary["tiles"], "-".join(map(str, summary["zooms"]))


def tiles_of_sqlite(column):
    def count(path, _):
        db = sqlite3.connect(path)
        tiles, low, high = db.execute(f"SELECT count(*), min({column}), max({column}) FROM tiles").fetchone()
        db.close()
        return tiles, f"{low}-{high}"
    return count


def tiles_of_folder(path, _):
    zooms = sorted(int(folder.name) for folder in path.iterdir() if folder.is_dir())
    return sum(1 for _ in path.glob("*/*/*")), f"{zooms[0]}-{zooms[-1]}"


def zoom_of_cog(path, _):
    """A COG is one file; its deepest zoom says that both have the same pixels."""
    pixel = json.loads(run("gdalinfo", "-json", path))["geoTransform"][1]
    return None, str(round(math.log2(2 * math.pi * 6378137 / 256 / pixel)))


class Cases:
    """Builds each case when it is asked for, with the rasters that it needs."""

    def __init__(self, rasters, work, program, threads, rasterfloor):
        self.rasters = rasters
        self.work = work
        self.program = program
        self.threads = threads
        self.rasterfloor = rasterfloor
        # The shallowest zoom: the raster is about one tile. GDAL's MBTiles have none above.
        self.low = HIGH - math.ceil(math.log2(rasters.size * PIXEL_M / GRID_PIXEL_M / 256))
        side = f"{rasters.size} x {rasters.size}"
        self.names = {
            "jpeg": (f"JPEG, same CRS, {side}, against the floor", self.jpeg),
            "mbtiles": ("JPEG, against GDAL's MBTiles", self.mbtiles),
            "mapcache": ("JPEG, against MapCache, its overviews not counted", self.mapcache),
            "utm": ("JPEG from UTM, against GDAL's MBTiles", self.utm),
            "png": ("PNG, against gdal2tiles", lambda: self.gdal2tiles("png", 0.30)),
            "webp": ("WebP, against gdal2tiles", lambda: self.gdal2tiles("webp", 0.70)),
            "cog": ("COG, against GDAL's", self.cog),
            "memory": (f"peak memory, {side}", lambda: self.memory(self.rasters.photograph())),
            "sparse": (f"peak memory, {5 * rasters.size} x {5 * rasters.size}, sparse",
                       lambda: self.memory(self.rasters.sparse(5 * rasters.size))),
            "growth": ("growth with the raster", self.growth),
        }

    def case(self, name):
        title, build = self.names[name]
        contenders, goals = build()
        return Case(title, contenders, goals)

    def ours(self, raster, name="ours", tiles_in=tiles_of_json, form="jpeg", kind=None, low=None):
        output = self.work / name
        words = [self.program, "pack", raster, "-o", output]
        if kind:  # else a package in the z-top layout
            words += ["--as", kind]
        words += ["--zoom", f"{low or self.low}-{HIGH}", "--format", form]
        if form != "png":
            words += ["--quality", 75]
        words += ["--threads", self.threads, "--quiet", "--json"]
        return Contender(raster, [words], output, tiles_in)

    def peer(self, raster, commands, output, tiles_in, env=None):
        for command in commands:
            if not shutil.which(str(command[0])):
                raise CaseSkipped(f"{command[0]} is not here")
        return Contender(raster, commands, output, tiles_in, env or {})

    def gdal(self, program):
        return [program, "-q", "--config", "GDAL_NUM_THREADS", self.threads]

    def gdal_mbtiles(self, raster):
        output = self.work / "gdal.mbtiles"
        levels = [2**i for i in range(1, HIGH - self.low + 1)]
        return self.peer(raster, [
            [*self.gdal("gdal_translate"), "-of", "MBTILES", "-co", "TILE_FORMAT=JPEG", "-co", "QUALITY=75", raster, output],
            [*self.gdal("gdaladdo"), "-r", "average", output, *levels]], output, tiles_of_sqlite("zoom_level"))

    def jpeg(self):
        if not self.rasterfloor:
            raise CaseSkipped("name the program with --rasterfloor")
        raster, output = self.rasters.photograph(), self.work / "floor.db"
        floor = self.peer(raster, [[self.rasterfloor, "pack", raster, self.threads, output]], output, tiles_of_sqlite("z"),
                          {"FAST": "1"})
        return [self.ours(raster, low=FLOOR_LOW), floor], [Ratio("cpu", 1.6)]

    def mbtiles(self):
        raster = self.rasters.photograph()
        ours = self.ours(raster, "ours.mbtiles", kind="mbtiles")
        return [ours, self.gdal_mbtiles(raster)], [Ratio("cpu", 0.40), Ratio("wall", 0.30)]

    def mapcache(self):
        raster = self.rasters.with_overviews()
        output, config = self.work / "mapcache.mbtiles", self.work / "mapcache.xml"
        config.write_text(f"""<mapcache>
          <source name="raster" type="gdal"><data>{raster}</data><resample>BILINEAR</resample></source>
          <cache name="mbtiles" type="mbtiles"><dbfile>{output}</dbfile></cache>
          <format name="q75" type="JPEG"><quality>75</quality></format>
          <tileset name="bench"><source>raster</source><cache>mbtiles</cache><grid>GoogleMapsCompatible</grid>
            <format>q75</format><metatile>4 4</metatile></tileset>
          <locker type="disk"><directory>{self.work}</directory></locker>
        </mapcache>""")
        west, north, east, south = self.rasters.bounds()
        seed = ["mapcache_seed", "-q", "-c", config, "-t", "bench", "-g", "GoogleMapsCompatible", "-z", f"{self.low},{HIGH}", "-e",
                f"{west},{south},{east},{north}", "-n", self.threads]
        ours = self.ours(self.rasters.photograph(), "ours.mbtiles", kind="mbtiles")
        return [ours, self.peer(raster, [seed], output, tiles_of_sqlite("zoom_level"))], [Ratio("cpu", 0.55)]

    def utm(self):
        raster = self.rasters.utm()
        ours = self.ours(raster, "ours.mbtiles", kind="mbtiles")
        return [ours, self.gdal_mbtiles(raster)], [Ratio("cpu", 0.60)]

    def gdal2tiles(self, form, limit):
        """Its "bilinear" blurs, and what is blurred takes fewer bytes. On a raster in the grid's own pixels, its average of
        one pixel is that pixel: both encode the same deepest tiles."""
        raster, output = self.rasters.in_the_grid(), self.work / "gdal2tiles"
        words = ["gdal2tiles.py", "-q", "-w", "none", "-r", "average", "-z", f"{self.low}-{HIGH}", f"--processes={self.threads}",
                 f"--tiledriver={form.upper()}"]
        if form == "webp":
            words.append("--webp-quality=75")
        env = {"GDAL_PAM_ENABLED": "NO"}  # no file of metadata beside each tile
        peer = self.peer(raster, [[*words, raster, output]], output, tiles_of_folder, env)
        return [self.ours(raster, form=form), peer], [Ratio("cpu", limit), Ratio("bytes", 1)]

    def cog(self):
        raster, output = self.rasters.photograph(), self.work / "gdal_cog.tif"
        options = ["TILING_SCHEME=GoogleMapsCompatible", "COMPRESS=JPEG", "QUALITY=75", "WARP_RESAMPLING=BILINEAR",
                   "OVERVIEW_RESAMPLING=AVERAGE", f"NUM_THREADS={self.threads}"]
        words = [*self.gdal("gdal_translate"), "-of", "COG"]
        for option in options:
            words += ["-co", option]
        ours = self.ours(raster, "ours.tif", zoom_of_cog, kind="cog")
        return [ours, self.peer(raster, [[*words, raster, output]], output, zoom_of_cog)], [Ratio("wall", 0.30)]

    def memory(self, raster):
        return [self.ours(raster)], [Peak(512)]

    def growth(self):
        sizes = [self.rasters.size // 4, self.rasters.size // 2, self.rasters.size]
        return [self.ours(self.rasters.photograph(size), f"ours_{size}") for size in sizes], [Growth(0.15)]
