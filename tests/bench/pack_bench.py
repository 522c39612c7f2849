#!/usr/bin/env python3
"""Pack rasters with `offgrid pack` and with GDAL's MBTiles driver, side by side.

    tests/bench/pack_bench.py [--pack PROGRAM] [--runs N] [--size PIXELS] [--work FOLDER]

Both make JPEG tiles of quality 75 at the same zooms: `gdal_translate -of MBTILES` writes the deepest, `gdaladdo` the ones
above. Runs are interleaved; the table shows medians. Ends with an error when GDAL is faster.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def measured(commands):
    """Run the commands one after the other: wall seconds, CPU seconds, the largest peak in MiB, the last output."""
    wall = cpu = peak = 0
    output = ""
    for command in commands:
        with tempfile.TemporaryFile() as out:
            start = time.monotonic()
            # GDAL complains about each point beyond the latitudes of Web Mercator.
            process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            wall += time.monotonic() - start
            if status != 0:
                sys.exit(f"failed: {command}")
            out.seek(0)
            output = out.read().decode()
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
    return wall, cpu, peak, output


def make_raster(path, size, base):
    """A raster of `size` x `size` pixels of 5 m in EPSG:3857 that looks like a photograph: the world image, enlarged,
    with a grain on every pixel."""
    state = 1
    grain = bytearray(3 * 65536)
    for i in range(len(grain)):  # xorshift: the same bytes on every machine
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        grain[i] = (state >> 8) & 31
    raw = path.with_suffix(".raw")
    with raw.open("wb") as out:  # row by row: the peak of a child starts at the memory of its parent
        for y in range(size):
            offset = (y * 7919) % (len(grain) - 3)
            out.write((grain[offset:] + grain * (3 * size // len(grain) + 1))[: 3 * size])
    vrt_grain = path.with_suffix(".grain.vrt")
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{b + 1}" subClass="VRTRawRasterBand">'
        f'<SourceFilename relativeToVRT="1">{raw.name}</SourceFilename><ImageOffset>{b}</ImageOffset>'
        f"<PixelOffset>3</PixelOffset><LineOffset>{3 * size}</LineOffset></VRTRasterBand>"
        for b in range(3)
    )
    vrt_grain.write_text(f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">{bands}</VRTDataset>')
    vrt_sum = path.with_suffix(".sum.vrt")
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{b}" subClass="VRTDerivedRasterBand">'
        "<PixelFunctionType>sum</PixelFunctionType>"
        f'<SimpleSource resampling="bilinear"><SourceFilename>{base}</SourceFilename><SourceBand>{b}</SourceBand>'
        f'<SrcRect xOff="1900" yOff="500" xSize="500" ySize="500"/><DstRect xOff="0" yOff="0" xSize="{size}" ySize="{size}"/>'
        f"</SimpleSource><SimpleSource><SourceFilename>{vrt_grain}</SourceFilename><SourceBand>{b}</SourceBand></SimpleSource>"
        "</VRTRasterBand>"
        for b in (1, 2, 3)
    )
    vrt_sum.write_text(f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">{bands}</VRTDataset>')
    subprocess.run(
        ["gdal_translate", "-q", "-a_srs", "EPSG:3857", "-a_ullr", "950000", "6050000", str(950000 + 5 * size),
         str(6050000 - 5 * size), "-co", "TILED=YES", "-co", "BLOCKXSIZE=512", "-co", "BLOCKYSIZE=512", "-co",
         "COMPRESS=DEFLATE", "-co", "PREDICTOR=2", "-co", "NUM_THREADS=ALL_CPUS", str(vrt_sum), str(path)], check=True)
    for part in (raw, vrt_grain, vrt_sum):
        part.unlink()


def compare(name, source, program, runs, work):
    package = work / "package"
    mbtiles = work / "gdal.mbtiles"

    def ours():
        shutil.rmtree(package, ignore_errors=True)
        return measured([[program, "pack", source, "-o", package, "--quiet", "--json"]])

    summary = json.loads(ours()[3])
    low, high = summary["zooms"]
    levels = [2**i for i in range(1, high - low + 1)]

    def theirs():
        mbtiles.unlink(missing_ok=True)
        return measured([
            ["gdal_translate", "-q", "-of", "MBTILES", "-co", "TILE_FORMAT=JPEG", "-co", "QUALITY=75", source, mbtiles],
            ["gdaladdo", "-q", "-r", "average", mbtiles, *levels]])

    samples = {"offgrid pack": [], "gdal_translate + gdaladdo": []}
    for _ in range(runs):
        samples["offgrid pack"].append(ours())
        samples["gdal_translate + gdaladdo"].append(theirs())
    print(f"\n{name}: {summary['tiles']} tiles, zooms {low} to {high}, medians of {runs} runs")
    print(f"{'':28}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'MB':>8}")
    medians = {}
    for who, runs_of in samples.items():
        medians[who] = [statistics.median(run[i] for run in runs_of) for i in range(3)]
        size = summary["bytes"] if who == "offgrid pack" else mbtiles.stat().st_size
        wall, cpu, peak = medians[who]
        print(f"{who:28}{wall:9.2f}{cpu:9.2f}{peak:10.0f}{size / 1e6:8.1f}")
    wall, cpu, _ = (a / b for a, b in zip(*medians.values()))
    print(f"{'ratio':28}{wall:9.2f}{cpu:9.2f}")
    return wall < 1 and cpu < 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", default=ROOT / "build/release/bin/offgrid-pack")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--sample", type=pathlib.Path, help="default: the raster in examples/data")
    parser.add_argument("--work", type=pathlib.Path, help="kept; default: a temporary folder")
    options = parser.parse_args()
    sample = options.sample or next(
        (path for path in sorted((ROOT / "examples/data").glob("*")) if path.suffix in (".tif", ".jpg", ".vrt")), None)
    if sample is None:
        sys.exit("no sample in examples/data; name one with --sample")
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        large = work / f"raster_{options.size}.tif"
        if not large.exists():
            make_raster(large, options.size, sample.resolve())
        is_faster = [compare(f"sample ({sample.name})", sample, options.pack, options.runs, work),
                     compare(f"{options.size} x {options.size} RGB, EPSG:3857, DEFLATE", large, options.pack,
                             options.runs, work)]
    sys.exit(0 if all(is_faster) else "slower than GDAL")


if __name__ == "__main__":
    main()
