#!/usr/bin/env python3
"""Fail when a source includes a layer it may not see, or a third-party header that another module owns.

    tests/check_layers.py [ROOT]

The rules are in tests/layers.txt. Prints each offence as FILE:LINE, or "layers ok".
"""
import pathlib
import re
import sys
from typing import NamedTuple

MODULE_ROOTS = ("formats", "pack", "serve", "sync")
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')


class Rule(NamedTuple):
    ours: list[str]
    theirs: list[str]


def read_rules(path: pathlib.Path) -> dict[str, Rule]:
    rules = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            module, _, rest = line.partition(":")
            ours, _, theirs = rest.partition(";")
            rules[module.strip()] = Rule(ours.split(), theirs.split())
    return rules


def module_of(name: str, rules: dict[str, Rule]) -> str | None:
    """The most specific module that the file is in."""
    return max((m for m in rules if name.startswith(m + "/")), key=len, default=None)


def offence(module: str, quote: str, header: str, rules: dict[str, Rule]) -> str | None:
    rule = rules[module]
    if quote == '"':
        if header not in rule.ours and not header.startswith(tuple(m + "/" for m in [module, *rule.ours])):
            return f'{module} may not include "{header}"'
    else:
        owned = tuple(prefix for r in rules.values() for prefix in r.theirs)
        if header.startswith(owned) and not header.startswith(tuple(rule.theirs)):
            return f"{module} may not include <{header}>"
    return None


def check(root: pathlib.Path) -> list[str]:
    rules = read_rules(root / "tests/layers.txt")
    offences = []
    sources = (p for top in MODULE_ROOTS for p in (root / top).rglob("*") if p.suffix in (".h", ".cpp"))
    for path in sorted(p for p in sources if "node_modules" not in p.parts):
        name = path.relative_to(root).as_posix()
        module = module_of(name, rules)
        if module is None:
            offences.append(f"{name}: in no module of tests/layers.txt")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                if problem := offence(module, found[1], found[2], rules):
                    offences.append(f"{name}:{number}: {problem}")
    return offences


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) or "layers ok")
    sys.exit(1 if found else 0)
