"""Load on a server, on connections that stay, at random tiles; what it took the server, and how long clients waited."""
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import re
import select
import shutil
import socket
import statistics
import subprocess
import time

from serve_tiles import NORTH, SIDE, WEST, ZOOM, Failed, PeerAbsent

SCRIPT = pathlib.Path(__file__).resolve().parent / "serve_load.lua"


@dataclasses.dataclass(frozen=True)
class Area:
    """The tiles that are asked for: a square of them, rows from the north."""
    zoom: int = ZOOM
    west: int = WEST
    north: int = NORTH
    side: int = SIDE


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run of wrk. `refused`: answers that are neither 2xx nor 3xx; `broken`: connections that failed or timed out."""
    requests: int
    seconds: float
    cpu_us: float  # of the server's processes, a request
    p50_us: float
    p99_us: float
    refused: int
    broken: int

    @property
    def rate(self):
        return self.requests / self.seconds


def run_load(server, connections, seconds, area=Area()):
    """By wrk."""
    if not shutil.which("wrk"):
        raise PeerAbsent("wrk is not installed")
    env = {**os.environ, "PREFIX": server.prefix, "SUFFIX": server.suffix, "FROM_SOUTH": "1" if server.is_from_south else "",
           "ZOOM": str(area.zoom), "WEST": str(area.west), "NORTH": str(area.north), "SIDE": str(area.side)}
    words = ["wrk", "-t", min(2, connections), "-c", connections, "-d", f"{seconds}s", "--timeout", "10s", "-s", SCRIPT,
             f"http://127.0.0.1:{server.port}/"]
    before = server.cpu()
    ended = subprocess.run([str(word) for word in words], env=env, capture_output=True, text=True)
    cpu = server.cpu() - before
    said = re.search(r"^seen (.*)$", ended.stdout, re.MULTILINE)
    if not said:
        raise Failed(f"wrk on {server.name}: {(ended.stderr or ended.stdout).strip()}")
    seen = {name: float(value) for name, value in (field.split("=") for field in said[1].split())}
    if not seen["requests"]:
        raise Failed(f"wrk on {server.name}: no answer at all")
    return Sample(int(seen["requests"]), seen["seconds"], cpu * 1e6 / seen["requests"], seen["p50"], seen["p99"],
                  int(seen["refused"]), int(seen["broken"]))


def interleaved(servers, runs, load):
    """Runs of `load(server)` in turns, so that what else the machine does falls upon all: medians by server."""
    samples = [[] for _ in servers]
    for _ in range(runs):
        for server, taken in zip(servers, samples):
            taken.append(load(server))
    return [median_of(taken) for taken in samples]


def median_of(samples):
    """Of each figure on its own; failures are added up."""
    fields = {field.name: [getattr(sample, field.name) for sample in samples] for field in dataclasses.fields(Sample)}
    return Sample(**{name: sum(values) if name in ("refused", "broken") else statistics.median(values)
                     for name, values in fields.items()})


def cpu_us_of(server, requests, status, connections, seconds, processes=2):
    """The server's processor time for one of these requests, bytes each, which it answers with that status.

    wrk is of no use here: after a 304 it waits for the body whose length the head tells (RFC 9110, 8.6).
    """
    before = server.cpu()
    with concurrent.futures.ProcessPoolExecutor(processes) as pool:
        asked = [pool.submit(ask_often, server.port, requests, status, connections // processes, seconds, seed)
                 for seed in range(processes)]
        count = sum(each.result() for each in asked)
    return (server.cpu() - before) * 1e6 / count


def ask_often(port, requests, status, connections, seconds, seed):
    """How many requests were answered; each connection has one under way at a time. Failed for another status."""
    chosen = random.Random(seed)
    expected = f"HTTP/1.1 {status} ".encode()
    poll = select.epoll()
    sockets = {}
    for _ in range(connections):
        opened = socket.create_connection(("127.0.0.1", port), timeout=30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(opened, select.EPOLLIN)
        sockets[opened.fileno()] = opened
        opened.sendall(chosen.choice(requests))
    received = dict.fromkeys(sockets, b"")
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for descriptor, _ in poll.poll(1):
            received[descriptor] += sockets[descriptor].recv(65_536)
            if not is_whole(received[descriptor], status):
                continue
            if not received[descriptor].startswith(expected):
                raise Failed(f"answered {received[descriptor][:12]!r} in place of {status}")
            count += 1
            received[descriptor] = b""
            sockets[descriptor].sendall(chosen.choice(requests))
    for opened in sockets.values():
        opened.close()
    return count


def is_whole(answer, status):
    """Whether all of an answer is here; one with 304 has no body."""
    end = answer.find(b"\r\n\r\n")
    if end < 0 or status == 304:
        return end >= 0
    length = re.search(rb"\r\ncontent-length: *(\d+)", answer[:end], re.IGNORECASE)
    return len(answer) >= end + 4 + int(length[1])
