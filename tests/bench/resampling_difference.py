#!/usr/bin/env python3
"""Mean absolute difference of what `offgrid pack` makes from what gdalwarp makes, by resampling.

    tests/bench/resampling_difference.py RASTER [--pack PROGRAM] [--zoom Z]

Packs the raster as PNG at one zoom, warps it with gdalwarp onto the same pixels, and prints a table in Markdown: the mean
absolute difference of the samples that both show, out of 255, the share of pixels that only one shows, and the largest
difference but for one sample in a thousand.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
from osgeo import gdal

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESAMPLINGS = {"nearest": "near", "bilinear": "bilinear", "cubic": "cubic", "lanczos": "lanczos", "average": "average",
               "mode": "mode"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raster", type=pathlib.Path)
    parser.add_argument("--pack", type=pathlib.Path, default=ROOT / "build/release/bin/offgrid-pack")
    parser.add_argument("--zoom", type=int, required=True)
    return parser.parse_args()


def rgba(dataset):
    return numpy.stack([dataset.GetRasterBand(band).ReadAsArray() for band in range(1, 5)]).astype(int)


def main():
    gdal.UseExceptions()
    args = arguments()
    print("| resampling | mean difference | 99.9 % below | pixels that only one shows |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for ours, theirs in RESAMPLINGS.items():
            packed = folder / f"{ours}.mbtiles"
            subprocess.run([args.pack, "pack", args.raster, "-o", packed, "--as", "mbtiles", "--format", "png", "--zoom",
                            f"{args.zoom}-{args.zoom}", "--resampling", ours, "--quiet"], check=True)
            dataset = gdal.OpenEx(str(packed), open_options=["USE_BOUNDS=NO"])
            left, step_x, _, top, _, step_y = dataset.GetGeoTransform()
            right, bottom = left + step_x * dataset.RasterXSize, top + step_y * dataset.RasterYSize
            warped = folder / f"{ours}.tif"
            subprocess.run(["gdalwarp", "-q", "-t_srs", "EPSG:3857", "-te", *(repr(edge) for edge in (left, bottom, right, top)),
                            "-ts", str(dataset.RasterXSize), str(dataset.RasterYSize), "-r", theirs, "-dstalpha", "-et", "0",
                            args.raster, warped], check=True)
            one, other = rgba(dataset), rgba(gdal.Open(str(warped)))
            both = (one[3] > 0) & (other[3] > 0)
            difference = numpy.abs(one[:3, both] - other[:3, both])
            only = ((one[3] > 0) != (other[3] > 0)).sum() / both.sum()
            print(f"| {ours} | {difference.mean():.3f} | {numpy.quantile(difference, 0.999):.0f} | {100 * only:.2f} % |")


if __name__ == "__main__":
    sys.exit(main())
