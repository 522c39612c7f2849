#!/usr/bin/env python3
"""packaging_test.py PROGRAMS: are the manual pages, completions, units and packages whole?

PROGRAMS is the folder of the programs. Needs bash-completion, help2man, man-db and systemd.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = SOURCE / "packaging"
# What `systemd-analyze security` may count against a unit, of 10: what a network server cannot do
# without (sockets, no own root, a user of the machine) comes to this.
MOST_EXPOSURE = 1.5


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def verbs(programs):
    listed = run(programs / "offgrid", "--help").split("Verbs:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def options(text):
    """The long options that an own line of a help text or a page begins with."""
    names = [re.findall(r"--[a-z][a-z0-9-]*", line.split("  ")[0]) for line in map(str.strip, text.splitlines())
             if line.startswith("-")]
    return {name for line in names for name in line[-1:]}


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.pages = pathlib.Path(folder.name)
        run(PACKAGING / "manual/make_pages.sh", PROGRAMS, cls.pages)

    def test_every_verb_has_a_page_with_all_its_options(self):
        for verb in verbs(PROGRAMS):
            with self.subTest(verb):
                page = self.pages / f"offgrid-{verb}.1"
                shown = run("man", "--local-file", page, env={**os.environ, "MANWIDTH": "2000", "LC_ALL": "C.UTF-8"})
                said = options(run(PROGRAMS / "offgrid", verb, "--help"))
                self.assertIn("--help", said)
                self.assertEqual(options(shown), said)

    def test_every_page_is_found_by_what_it_is_about(self):
        for page in self.pages.iterdir():
            with self.subTest(page.name):
                self.assertIn(f'"{page.stem} - ', run("lexgrog", page))

    def test_every_page_is_well_formed(self):
        for page in self.pages.iterdir():
            with self.subTest(page.name):
                checked = subprocess.run(
                    ["man", "--warnings", "--encoding=UTF-8", "--troff-device=utf8", "--ditroff", "--local-file", page],
                    capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
                self.assertEqual(checked.stderr, "")

    def test_every_page_is_in_one_package(self):
        packed = [line for file in (SOURCE / "debian").glob("*.install")
                  for line in file.read_text().splitlines() if line.startswith("usr/share/man")]
        self.assertCountEqual([pathlib.Path(path).name for path in packed], [page.name for page in self.pages.iterdir()])


class Completion(unittest.TestCase):
    def completed(self, *words):
        script = """
            . /usr/share/bash-completion/bash_completion
            . "$1"; shift
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
            _offgrid
            printf '%s\\n' "${COMPREPLY[@]}"
        """
        path = f"{PROGRAMS}:{os.environ['PATH']}"
        return run("bash", "-c", script, "bash", PACKAGING / "completion/offgrid.bash", "offgrid", *words,
                   env={**os.environ, "PATH": path}).split()

    def test_the_first_word_is_a_verb(self):
        self.assertCountEqual(self.completed(""), [*verbs(PROGRAMS), "--help", "--version"])
        self.assertEqual(self.completed("serv"), ["serve"])

    def test_every_verb_has_its_options(self):
        for verb in verbs(PROGRAMS):
            with self.subTest(verb):
                self.assertLessEqual(options(run(PROGRAMS / "offgrid", verb, "--help")), set(self.completed(verb, "--")))

    def test_an_option_with_choices_has_these(self):
        self.assertIn("webp", self.completed("pack", "--format", "w"))


class Units(unittest.TestCase):
    def test_systemd_finds_nothing_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in (PACKAGING / "systemd").iterdir():
                # What is not installed here would be said to be wrong.
                text = unit.read_text().replace("/usr/bin/offgrid", f"{PROGRAMS}/offgrid").replace("man:offgrid", "man:man")
                pathlib.Path(folder, unit.name).write_text(text)
            for unit in pathlib.Path(folder).iterdir():
                with self.subTest(unit.name):
                    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", unit],
                                             capture_output=True, text=True, check=False)
                    about_it = [line for line in checked.stderr.splitlines() if "offgrid" in line]
                    self.assertEqual(about_it, [])

    def test_the_services_can_do_little(self):
        for unit in (PACKAGING / "systemd").glob("*.service"):
            with self.subTest(unit.name):
                run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                    f"--threshold={int(MOST_EXPOSURE * 10)}", unit)


class Package(unittest.TestCase):
    def test_its_version_is_that_of_the_programs(self):
        changelog = (SOURCE / "debian/changelog").read_text()
        version = run(PROGRAMS / "offgrid", "--version").split()[1]
        self.assertTrue(changelog.startswith(f"offgrid ({version}) "), changelog.splitlines()[0])

    def test_what_the_viewer_is_made_of_is_in_the_copyright(self):
        text = (SOURCE / "debian/copyright").read_text()
        for library in json.loads((SOURCE / "serve/web/package.json").read_text())["dependencies"]:
            with self.subTest(library):
                self.assertIn(f"serve/web/node_modules/{library}/*", text)


if __name__ == "__main__":
    PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
