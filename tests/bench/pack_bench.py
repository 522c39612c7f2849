#!/usr/bin/env python3
"""Pack rasters with `offgrid pack` and with other programs, side by side.

    tests/bench/pack_bench.py [--pack PROGRAM] [--case NAME]... [--runs N] [--size PIXELS] [--raster FILE] [--json]

Prints a table in Markdown: medians of interleaved runs, ratios, and the goals. CPU seconds are user and system of all
processes, peak memory is that of the largest. Both sides make tiles of the same zooms, bilinear at the deepest and averaged
above, of quality 75 where there is one. A case whose peer is not here is skipped. Ends with an error when a case fails or
does not reach its goal. --size makes everything smaller, for a try; goals are meant for 20 000 pixels.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import sys
import tempfile

from pack_cases import Cases, CaseSkipped, Peak, Run, remove
from pack_rasters import Failed, Rasters

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = ["case", "what ran", "tiles", "wall s", "CPU s", "peak MiB", "MB", "ratio", "goal", "reached"]


def read(path):
    """Bring a file into the page cache, so that the first run is as warm as the others."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def medians(samples, goals):
    """Of each figure on its own; of the memory the most, where that is the goal."""
    peak = max if any(isinstance(goal, Peak) for goal in goals) else statistics.median
    return Run(statistics.median(run.wall for run in samples), statistics.median(run.cpu for run in samples),
               peak(run.peak for run in samples), samples[-1].bytes, samples[-1].tiles, samples[-1].zooms)


def measure(case, runs):
    """Run the contenders in turns: a dictionary of what they took and what was reached."""
    for source in {contender.source for contender in case.contenders}:
        read(source)
    samples = [[] for _ in case.contenders]
    try:
        for _ in range(runs):
            for contender, taken in zip(case.contenders, samples):
                taken.append(contender.run())
    finally:
        for contender in case.contenders:
            remove(contender.output)
    of_contenders = [medians(taken, case.goals) for taken in samples]
    if len({each.zooms for each in of_contenders}) > 1:
        raise Failed(f"the zooms differ: {', '.join(each.zooms for each in of_contenders)}")
    reached = []
    for goal in case.goals:
        value = goal.value(of_contenders)
        text, goal_text = goal.texts(value)
        reached.append({"value": round(value, 4), "text": text, "goal": goal_text, "is_reached": value <= goal.limit})
    return {"contenders": [{"command": contender.text(), **dataclasses.asdict(each)}
                           for contender, each in zip(case.contenders, of_contenders)], "goals": reached}


def line(cells):
    return "| " + " | ".join(cells) + " |"


def table_rows(result):
    """The lines of a case: ours has what was reached, the ones below only figures."""
    if "problem" in result:
        return [line([result["title"], result["problem"], *[""] * (len(HEAD) - 2)])]
    rows = []
    for index, each in enumerate(result["contenders"]):
        goals = result["goals"] if index == 0 else []
        rows.append(line([
            result["title"] if index == 0 else "", f"`{each['command']}`", str(each["tiles"] or ""), f"{each['wall']:.2f}",
            f"{each['cpu']:.2f}", f"{each['peak']:.0f}", f"{each['bytes'] / 1e6:.1f}",
            ", ".join(goal["text"] for goal in goals), ", ".join(goal["goal"] for goal in goals),
            ", ".join("yes" if goal["is_reached"] else "**no**" for goal in goals)]))
    return rows


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=pathlib.Path, default=ROOT / "build/release/bin/offgrid", help="our program")
    parser.add_argument("--rasterfloor", type=pathlib.Path, default=os.environ.get("RASTERFLOOR"),
                        help="the yardstick program [$RASTERFLOOR]")
    parser.add_argument("--case", action="append", help="only this one; may be given often")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--raster", type=pathlib.Path, help="RGB, EPSG:3857, 5 m [one is made]")
    parser.add_argument("--work", type=pathlib.Path, help="keeps the rasters; default: a temporary folder")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    return parser.parse_args()


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or pathlib.Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        try:
            rasters = Rasters(work, options.size, ROOT / "examples/data/earth-blue-marble.jpg", options.raster)
        except Failed as failed:
            sys.exit(f"{failed}")
        cases = Cases(rasters, work, options.pack, options.threads, options.rasterfloor)
        unknown = set(options.case or []) - set(cases.names)
        if unknown:
            sys.exit(f"no case {', '.join(sorted(unknown))}; there are {', '.join(cases.names)}")
        results = []
        if not options.json:
            print(line(HEAD), line(["---"] * len(HEAD)), sep="\n", flush=True)
        for name in options.case or cases.names:
            result = {"case": name, "title": cases.names[name][0]}
            try:
                result |= measure(cases.case(name), options.runs)
            except CaseSkipped as skipped:
                result |= {"problem": f"skipped: {skipped}", "is_skipped": True}
            except Failed as failed:
                result |= {"problem": f"failed: {failed}"}
            results.append(result)
            if not options.json:
                print(*table_rows(result), sep="\n", flush=True)
        if options.json:
            print(json.dumps({"size": options.size, "runs": options.runs, "threads": options.threads, "cases": results},
                             indent=1))
    is_sound = all("is_skipped" in result or all(goal["is_reached"] for goal in result.get("goals", [{"is_reached": False}]))
                   for result in results)
    sys.exit(0 if is_sound else "a case failed, or did not reach its goal")


if __name__ == "__main__":
    main()
