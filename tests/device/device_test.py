#!/usr/bin/env python3
"""device_test.py PROGRAM [--emulator QEMU]: does the server of a device build need nothing but libc?

Reads what the program asks of its loader, then runs it in a root that holds the C library, the program
and one MBTiles file, and asks it for a tile. As another user than root it takes user namespaces.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import urllib.request

# All of them are in Debian's package libc6.
C_LIBRARY = {"libc.so.6", "libm.so.6"}
LIBRARY_FOLDERS = ["/lib/{machine}", "/usr/{machine}/lib"]  # of this machine, of a cross compiler
# A transparent pixel; the server passes on what is stored.
TILE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
DEADLINE_S = 60


def elf(program, *options):
    return subprocess.run(["readelf", "--wide", *options, program], check=True, capture_output=True, text=True).stdout


def needed(program):
    """The libraries that the program asks for, and the path of its loader."""
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", elf(program, "--dynamic"))
    loader = re.search(r"program interpreter: (.*)\]", elf(program, "--program-headers")).group(1)
    return set(libraries), pathlib.Path(loader)


def found_library(name, program):
    is_arm = "AArch64" in elf(program, "--file-header")
    machine = "aarch64-linux-gnu" if is_arm else f"{os.uname().machine}-linux-gnu"
    paths = [pathlib.Path(folder.format(machine=machine)) / name for folder in LIBRARY_FOLDERS]
    return next(path for path in paths if path.exists())


def make_root(root, program, emulator):
    """A file system with the program, its C library and `one.mbtiles`, and nothing else."""
    libraries, loader = needed(program)
    (root / "lib").mkdir()
    for name in libraries - {loader.name}:
        shutil.copy(found_library(name, program), root / "lib" / name)
    (root / loader.relative_to("/")).parent.mkdir(exist_ok=True)
    shutil.copy(found_library(loader.name, program), root / loader.relative_to("/"))
    shutil.copy(program, root / "offgrid-serve")
    if emulator:
        shutil.copy(shutil.which(emulator), root / "emulator")
    with contextlib.closing(sqlite3.connect(root / "one.mbtiles")) as tiles, tiles:
        tiles.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        tiles.execute("CREATE TABLE tiles (zoom_level INT, tile_column INT, tile_row INT, tile_data BLOB)")
        tiles.execute("CREATE UNIQUE INDEX tile ON tiles (zoom_level, tile_column, tile_row)")
        values = {"name": "one", "format": "png", "minzoom": "0", "maxzoom": "0"}
        tiles.executemany("INSERT INTO metadata VALUES (?, ?)", values.items())
        tiles.execute("INSERT INTO tiles VALUES (0, 0, 0, ?)", (TILE,))


def start(root, emulator, *arguments):
    command = ["unshare", f"--root={root}", "--wd=/"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    command += ["/emulator"] if emulator else []
    return subprocess.Popen(
        [*command, "/offgrid-serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={}
    )


def output(root, emulator, *arguments):
    """The exit code, and all that the program says."""
    with start(root, emulator, *arguments) as process:
        out, err = process.communicate(timeout=DEADLINE_S)
        return process.returncode, out + err


def check_serving(root, emulator):
    with start(root, emulator, "serve", "--listen", "127.0.0.1:0", "one.mbtiles") as server:
        deadline = threading.Timer(DEADLINE_S, server.kill)
        deadline.start()
        try:
            first = server.stdout.readline()
            listening = re.match(r"listening on (http://\S+)", first)
            assert listening, f"it does not listen: {first}{server.stderr.read()}"
            with urllib.request.urlopen(f"{listening[1]}/tiles/one/0/0/0.png", timeout=DEADLINE_S) as answer:
                assert answer.read() == TILE, "it answers another tile"
            with urllib.request.urlopen(f"{listening[1]}/", timeout=DEADLINE_S) as answer:
                assert b"<html" in answer.read(), "it has no viewer"
        finally:
            deadline.cancel()
            server.terminate()
        assert server.wait(timeout=DEADLINE_S) == 0, f"it ends with {server.returncode}: {server.stderr.read()}"


def check_no_tls(root, emulator):
    """It says that it has no TLS, instead of serving without."""
    code, said = output(root, emulator, "serve", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "one.mbtiles")
    assert code not in (0, None) and "TLS" in said, f"asked for TLS it ends with {code}: {said}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("--emulator")
    options = arguments.parse_args()

    libraries, loader = needed(options.program)
    foreign = libraries - C_LIBRARY - {loader.name}
    assert not foreign, f"{options.program} needs more than libc: {', '.join(sorted(foreign))}"
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)", elf(options.program, "--version-info"))}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        make_root(root, options.program, options.emulator)
        check_serving(root, options.emulator)
        if "--tls-cert" in output(root, options.emulator, "serve", "--help")[1]:
            check_no_tls(root, options.emulator)
    size = os.path.getsize(options.program) / 1e6
    print(f"{options.program}: {size:.1f} MB, needs {', '.join(sorted(libraries))} of glibc "
          f"{'.'.join(map(str, max(versions)))}; serves where there is nothing else")


if __name__ == "__main__":
    main()
