#!/usr/bin/env python3
"""What it costs to replace one file of a small package and of a large one.

    tests/bench/replace_cost_bench.py [--program PROGRAM] [--files N] [--replaces N] [--tile-bytes N] [--work FOLDER]

The same file is replaced over HTTP in two depots, in turns: in a package of 10 files and in one of 10 000. Prints, in
Markdown, the median time and what the daemon wrote for one replace (/proc/PID/io: `wchar`, what it handed to write(2), and
`write_bytes`, what it caused to go to a disk). Ends with an error when the large package costs more than twice as much.
"""
import argparse
import contextlib
import pathlib
import statistics
import sys
import tempfile
import time

from depot_daemon import ROOT, Daemon, TileFile, markdown, write_package

SMALL = 10
TOP = 7  # 128 x 128 places for files
NAMES = "z{top}-{top_x}-{top_y}.mbtiles"
ADDRESSES = [(TOP, x, row) for x in range(1 << TOP) for row in range(1 << TOP)]
LIMIT = 2


def name_of(zoom, column, row):
    return f"z{zoom}-{column}-{row}.mbtiles"


def installed(options, folder, count):
    """A daemon with a package of so many files, each with one tile."""
    file = TileFile([ADDRESSES[0]], options.tile_bytes)
    files = {}
    for version, address in enumerate(ADDRESSES[:count]):
        file.move(*address)
        files[name_of(*address)] = (file.content(version), 1)
    daemon = Daemon(options.program, folder)
    start = time.perf_counter()
    package = write_package(folder / "package.zip", [TOP, TOP], [{"zooms": [TOP, TOP], "names": NAMES, "top": TOP}], files)
    built = time.perf_counter()
    daemon.replace(package)
    print(f"{count} files: built in {built - start:.1f} s, installed in {time.perf_counter() - built:.1f} s", file=sys.stderr)
    return daemon


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/offgrid-sync", help="the program with the verb `daemon`")
    parser.add_argument("--files", type=int, default=10_000, help="of the large package")
    parser.add_argument("--replaces", type=int, default=50)
    parser.add_argument("--tile-bytes", type=int, default=100_000, help="size of the one tile in each file")
    parser.add_argument("--work", type=pathlib.Path, help="kept; default: a temporary folder")
    options = parser.parse_args()
    if not SMALL <= options.files <= len(ADDRESSES):
        parser.error(f"--files: {SMALL} to {len(ADDRESSES)}")
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        work = (options.work or pathlib.Path(temporary)).resolve()
        daemons = {}
        for count in (SMALL, options.files):
            daemons[count] = installed(options, work / str(count), count)
            stack.callback(daemons[count].stop)
        file = TileFile([ADDRESSES[0]], options.tile_bytes)
        seconds = {count: [] for count in daemons}
        written = {count: [] for count in daemons}
        for version in range(1, options.replaces + 1):
            content = file.content(len(ADDRESSES) + version)
            for count, daemon in daemons.items():
                before = daemon.written()
                seconds[count].append(daemon.replace(content, name_of(*ADDRESSES[0])))
                written[count].append([after - so_far for after, so_far in zip(daemon.written(), before)])
    figures = {count: (1000 * statistics.median(seconds[count]), *map(statistics.median, zip(*written[count])))
               for count in daemons}
    ratios = [large / max(small, 1) for small, large in zip(figures[SMALL], figures[options.files])]
    cells = list(zip(figures[SMALL], figures[options.files], ratios))
    markdown(f"one replace of {len(content)} bytes, median of {options.replaces}",
             [f"package of {SMALL} files", f"package of {options.files} files", "ratio"], [
        ("time, ms", [f"{figure:.1f}" for figure in cells[0][:2]] + [f"**{cells[0][2]:.2f}**"]),
        ("written (wchar), bytes", [f"{figure:.0f}" for figure in cells[1][:2]] + [f"**{cells[1][2]:.2f}**"]),
        ("to the disk (write_bytes)", [f"{figure:.0f}" for figure in cells[2][:2]] + [f"**{cells[2][2]:.2f}**"])])
    sys.exit(0 if all(ratio <= LIMIT for ratio in ratios) else f"more than {LIMIT} times as much")


if __name__ == "__main__":
    main()
