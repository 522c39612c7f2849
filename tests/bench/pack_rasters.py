"""The rasters that `pack_bench.py` packs. Each is made from one large raster when a case asks for it, and kept in a folder."""
import json
import math
import os
import pathlib
import random
import subprocess

WEST, NORTH = 950_000, 6_050_000  # the northern Alps, in EPSG:3857
PIXEL_M = 5
GRID_PIXEL_M = 2 * math.pi * 6378137 / 256 / 2**15  # of zoom 15
UTM = "EPSG:32632"
GEOTIFF = ["-co", "TILED=YES", "-co", "BLOCKXSIZE=512", "-co", "BLOCKYSIZE=512", "-co", "COMPRESS=DEFLATE", "-co",
           "PREDICTOR=2", "-co", "PHOTOMETRIC=RGB", "-co", "NUM_THREADS=ALL_CPUS", "-co", "BIGTIFF=YES"]
WARP = ["-r", "bilinear", "-multi", "-wo", "NUM_THREADS=ALL_CPUS", "-wm", 512, *GEOTIFF]
GRAIN_LINE = 7919  # bytes from a row of the grain to the next: a prime, so that no tile repeats itself


class Failed(Exception):
    """What cannot be made, or measured. Only its case ends."""


def run(*words, stdin=None):
    """The standard output of a command."""
    try:
        ended = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True)
    except OSError as error:
        raise Failed(f"{words[0]}: {error.strerror}") from error
    if ended.returncode != 0:
        raise Failed(f"{words[0]}: {(ended.stderr.strip().splitlines() or [ended.returncode])[-1]}")
    return ended.stdout


def made(path, make):
    """The path, after `make(part)` has made it unless it is there: an interrupted run leaves no half of a raster."""
    if not path.exists():
        part = path.with_name("part_" + path.name)
        make(part)
        part.rename(path)
    return path


def vrt_bands(size, sources):
    """A VRT of three bands, each the sum of what `sources(band)` gives: (file, its band, window, factor)."""
    def source(file, band, window, factor):
        x, y, width, height = window
        return (f'<ComplexSource resampling="bilinear"><SourceFilename>{file}</SourceFilename><SourceBand>{band}</SourceBand>'
                f'<SrcRect xOff="{x}" yOff="{y}" xSize="{width}" ySize="{height}"/>'
                f'<DstRect xOff="0" yOff="0" xSize="{size}" ySize="{size}"/><ScaleRatio>{factor}</ScaleRatio></ComplexSource>')

    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}" subClass="VRTDerivedRasterBand">'
        f'<PixelFunctionType>sum</PixelFunctionType>{"".join(source(*each) for each in sources(band))}</VRTRasterBand>'
        for band in (1, 2, 3))
    return f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">{bands}</VRTDataset>'


def make_photograph(path, size, base):
    """`size` x `size` pixels of 5 m that look like a photograph: the world image, enlarged, with noise of five sizes, from
    single pixels to 256 of them. So neither a codec nor DEFLATE has an easy time."""
    raw = path.with_suffix(".raw")
    noise = random.Random(1)
    with raw.open("wb") as out:  # in pieces: the peak of a child starts at the memory of its parent
        for _ in range(0, GRAIN_LINE * size + size, 1 << 16):
            out.write(noise.randbytes(1 << 16).translate(bytes(value & 31 for value in range(256))))
    grain = path.with_suffix(".grain.vrt")
    grain.write_text(
        f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">'
        '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
        f'<SourceFilename relativeToVRT="1">{raw.name}</SourceFilename><ImageOffset>0</ImageOffset>'
        f"<PixelOffset>1</PixelOffset><LineOffset>{GRAIN_LINE}</LineOffset></VRTRasterBand></VRTDataset>")

    def sources(band):
        """Fine noise is of brightness; only the coarse one has colours."""
        yield base, band, (1900, 500, 500, 500), 0.5
        yield grain, 1, (0, 0, size, size), 0.9
        yield grain, 1, (0, 0, size / 4, size / 4), 0.9
        for coarser in (16, 64, 256):
            yield grain, 1, (0 if coarser == 64 else band * size / 4, 0, size / coarser, size / coarser), 0.7

    photograph = path.with_suffix(".sum.vrt")
    photograph.write_text(vrt_bands(size, sources))
    run("gdal_translate", "-q", "-a_srs", "EPSG:3857", "-a_ullr", WEST, NORTH, WEST + PIXEL_M * size, NORTH - PIXEL_M * size,
        *GEOTIFF, photograph, path)
    for part in (raw, grain, photograph):
        part.unlink()


class Rasters:
    """Makes rasters in a folder. Not for concurrent use."""

    def __init__(self, folder, size, base, given=None):
        """`given` is an RGB raster of 5 m in EPSG:3857 that takes the place of the one made from `base`."""
        self.folder = folder
        self.size = size
        self.base = base
        self.given = given
        self.name = given.stem if given else "photograph"
        if given:
            info = json.loads(run("gdalinfo", "-json", given))
            width, height = info["size"]
            if min(width, height) < size:
                raise Failed(f"{given} has {width} x {height} pixels: take --size {min(width, height)}")
            if info["geoTransform"][1] != PIXEL_M:
                raise Failed(f"{given}: its pixels are not {PIXEL_M} m wide")
            if width != height or width > size:
                self.given = made(folder / f"{self.name}_{size}.tif", lambda part: run(
                    "gdal_translate", "-q", "-srcwin", 0, 0, size, size, *GEOTIFF, given, part))

    def photograph(self, size=None):
        """RGB in EPSG:3857: all of it, or its north-west corner."""
        whole = self.given or made(self.folder / f"{self.name}_{self.size}.tif",
                                   lambda part: make_photograph(part, self.size, self.base))
        if size in (None, self.size):
            return whole
        return made(self.folder / f"{self.name}_{size}.tif", lambda part: run(
            "gdal_translate", "-q", "-srcwin", 0, 0, size, size, *GEOTIFF, whole, part))

    def with_overviews(self):
        """The photograph by another name, with overviews beside that name: the other cases must not find them."""
        photograph = self.photograph().resolve()
        link = self.folder / f"{self.name}_{self.size}_overviews.tif"
        overviews = link.with_name(link.name + ".ovr")
        if not overviews.exists():
            link.unlink(missing_ok=True)
            os.symlink(photograph, link)
            levels = [2**i for i in range(1, 8)]
            run("gdaladdo", "-q", "-ro", "-r", "average", "--config", "COMPRESS_OVERVIEW", "DEFLATE", "--config",
                "PREDICTOR_OVERVIEW", "2", "--config", "BIGTIFF_OVERVIEW", "YES", link, *levels)
        return link

    def in_the_grid(self):
        """The photograph in the pixels of the deepest zoom."""
        return made(self.folder / f"{self.name}_{self.size}_grid.tif", lambda part: run(
            "gdalwarp", "-q", "-tr", GRID_PIXEL_M, GRID_PIXEL_M, "-te", *self.grid_box(), *WARP, self.photograph(), part))

    def grid_box(self):
        """The whole pixels of the grid that are within the photograph."""
        west, north, east, south = self.bounds()
        return [math.ceil(west / GRID_PIXEL_M) * GRID_PIXEL_M, math.ceil(south / GRID_PIXEL_M) * GRID_PIXEL_M,
                math.floor(east / GRID_PIXEL_M) * GRID_PIXEL_M, math.floor(north / GRID_PIXEL_M) * GRID_PIXEL_M]

    def utm(self):
        """As many pixels in a zone of UTM: the largest upright scene in the photograph, so none is empty."""
        west, north, east, south = self.bounds()
        corners = run("gdaltransform", "-s_srs", "EPSG:3857", "-t_srs", UTM, "-output_xy",
                      stdin=f"{west} {north}\n{east} {north}\n{east} {south}\n{west} {south}\n")
        (wx, ny), (ex, ny2), (ex2, sy), (wx2, sy2) = (map(float, line.split()) for line in corners.splitlines())
        box = [max(wx, wx2), max(sy, sy2), min(ex, ex2), min(ny, ny2)]
        return made(self.folder / f"{self.name}_{self.size}_utm.tif", lambda part: run(
            "gdalwarp", "-q", "-t_srs", UTM, "-te", *box, "-ts", self.size, self.size, *WARP, self.photograph(), part))

    def sparse(self, size):
        """Of `size` x `size` pixels, only 8 x 8 patches have any; the blocks between them are not in the file."""
        photograph = self.photograph()
        patch = size // 50

        def patches(band):
            for row in range(8):
                for column in range(8):
                    yield (f'<SimpleSource><SourceFilename>{photograph.resolve()}</SourceFilename>'
                           f"<SourceBand>{band}</SourceBand><SrcRect xOff=\"{column * (self.size - patch) // 7}\" "
                           f'yOff="{row * (self.size - patch) // 7}" xSize="{patch}" ySize="{patch}"/>'
                           f'<DstRect xOff="{column * size // 8}" yOff="{row * size // 8}" xSize="{patch}" ySize="{patch}"/>'
                           "</SimpleSource>")

        def make(part):
            bands = "".join(f'<VRTRasterBand dataType="Byte" band="{band}">{"".join(patches(band))}</VRTRasterBand>'
                            for band in (1, 2, 3))
            scattered = part.with_suffix(".vrt")
            scattered.write_text(f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">{bands}</VRTDataset>')
            run("gdal_translate", "-q", "-a_srs", "EPSG:3857", "-a_ullr", WEST, NORTH, WEST + PIXEL_M * size,
                NORTH - PIXEL_M * size, "-co", "SPARSE_OK=TRUE", *GEOTIFF, scattered, part)
            scattered.unlink()

        return made(self.folder / f"{self.name}_sparse_{size}.tif", make)

    def bounds(self):
        """West, north, east and south of the photograph in metres of EPSG:3857."""
        corners = json.loads(run("gdalinfo", "-json", self.photograph()))["cornerCoordinates"]
        return (*corners["upperLeft"], *corners["lowerRight"])
