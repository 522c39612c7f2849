#!/usr/bin/env python3
"""Serve a folder of tiles as the web does, on good days and bad ones.

    tile_server.py FOLDER [--mapcache CONFIG]

Prints "listening on http://127.0.0.1:PORT". Below /NAME/ it answers with FOLDER/Z/X/Y.EXT, or 404, after what NAME says:

    ok       nothing
    flaky    500 for the first request for each tile
    broken   500 for each tile whose column and row are even
    html     a page with status 200, for the same tiles
    slow     half a second, for each tile
    stuck    no answer at all, for each tile

/mapcache is MapCache's CGI with that configuration. `GET /_seen` tells all requests so far and how many were under way at a
time, as JSON.
"""
import argparse
import http.server
import json
import os
import pathlib
import subprocess
import threading
import time

lock = threading.Lock()
seen = {"paths": [], "most": 0}
under_way = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        global under_way
        if self.path == "/_seen":
            with lock:
                return self.answer(200, "application/json", json.dumps(seen).encode())
        with lock:
            is_first = self.path not in seen["paths"]
            seen["paths"].append(self.path)
            under_way += 1
            seen["most"] = max(seen["most"], under_way)
        try:
            self.answer(*(self.mapcache() if self.path.startswith("/mapcache") else self.tile(is_first)))
        finally:
            with lock:
                under_way -= 1

    def tile(self, is_first):
        _, name, z, x, row = self.path.split("?")[0].split("/")
        y = row.split(".")[0]
        is_even = int(x) % 2 == 0 and int(y) % 2 == 0
        if name == "stuck":
            self.server.ended.wait()
        if name == "slow":
            time.sleep(0.5)
        if (name == "flaky" and is_first) or (name == "broken" and is_even):
            return 500, "text/plain", b"out of order"
        if name == "html" and is_even:
            return 200, "text/html", b"<html>please log in</html>"
        file = self.server.folder / z / x / row
        return (200, "image/png", file.read_bytes()) if file.exists() else (404, "text/plain", b"no such tile")

    def mapcache(self):
        path, _, query = self.path.partition("?")
        answer = subprocess.run(["/usr/lib/cgi-bin/mapcache"], cwd=self.server.config.parent, capture_output=True, env={
            **os.environ, "MAPCACHE_CONFIG_FILE": str(self.server.config), "REQUEST_METHOD": "GET", "QUERY_STRING": query,
            "SCRIPT_NAME": "/mapcache", "PATH_INFO": path[len("/mapcache"):], "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port)}).stdout
        head, _, body = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        return int(headers.get("Status", "200").split()[0]), headers.get("Content-Type", "text/plain"), body

    def answer(self, status, media_type, body):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):  # a client that went away
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mapcache", type=pathlib.Path)
    arguments = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.folder = arguments.folder
    server.config = arguments.mapcache
    server.ended = threading.Event()
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


main()
