#!/usr/bin/env python3
"""Serve tiles with `offgrid serve` and with other servers, side by side.

    tests/bench/serve_bench.py [--serve PROGRAM] [--case NAME]... [--quick] [--runs N] [--seconds N] [--work FOLDER] [--json]

102 400 JPEG tiles of about 11 kB at random, from the page cache, on connections that stay; every server writes its access log.
Prints a table in Markdown: what is to be reached, and what was seen; medians of interleaved runs. A peer that is not
installed is named and left out. Makes 6 GB of tiles once: --work keeps them. Ends with an error when a case cannot be run,
not for what it sees.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import sys
import tempfile

from serve_cases import Cases
from serve_tiles import ROOT, Failed, PeerAbsent, Tiles

HEAD = ["case", "what", "reach", "seen", "reached"]


def line(cells):
    return "| " + " | ".join(cells) + " |"


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", type=pathlib.Path, default=ROOT / "build/release/bin/offgrid-serve", help="our program")
    parser.add_argument("--case", action="append", help="only this one; may be given often")
    parser.add_argument("--quick", action="store_true", help="one run of two seconds each")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument("--work", type=pathlib.Path, help="keeps the tiles; default: a temporary folder")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds = 1, 2
    return options


def rows_of(cases, name):
    """The rows of a case as dictionaries, or the one that says why there are none; and whether it could be run."""
    try:
        return [dataclasses.asdict(row) for row in cases.names[name]()], True
    except PeerAbsent as absent:
        return [{"what": f"{absent}", "reach": "", "seen": "left out", "is_reached": None}], True
    except Failed as failed:
        return [{"what": f"failed: {failed}", "reach": "", "seen": "", "is_reached": None}], False


def main():
    options = parse_options()
    is_sound, results = True, {}
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or pathlib.Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        try:
            cases = Cases(Tiles(work), work, options.serve.resolve(), options)
        except PeerAbsent as absent:
            sys.exit(f"{absent}")
        unknown = set(options.case or []) - set(cases.names)
        if unknown:
            sys.exit(f"no case {', '.join(sorted(unknown))}; there are {', '.join(cases.names)}")
        if not options.json:
            print(line(HEAD), line(["---"] * len(HEAD)), sep="\n", flush=True)
        for name in options.case or cases.names:
            load_before = os.getloadavg()[0]
            rows, is_run = rows_of(cases, name)
            is_sound &= is_run
            results[name] = {"load_average_before": load_before, "rows": rows}
            if not options.json:
                for row in rows:
                    reached = {True: "yes", False: "**no**", None: ""}[row["is_reached"]]
                    print(line([f"`{name}`", row["what"], row["reach"], row["seen"], reached]), flush=True)
        if options.json:
            print(json.dumps({"runs": options.runs, "seconds": options.seconds, "cases": results}, indent=1))
    sys.exit(0 if is_sound else "a case could not be run")


if __name__ == "__main__":
    main()
