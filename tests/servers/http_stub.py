#!/usr/bin/env python3
"""Stand in for a web server or an object store, in memory.

    http_stub.py --auth none|s3|azure|google-v2|google-v4|riak

Prints "listening on http://127.0.0.1:PORT". Keeps what is PUT, and checks each signature against one that it computes by
itself from the request as it arrived: a wrong one is answered 403. `GET /_requests` tells all requests so far as JSON.
Below /bad/NAME/ it misbehaves as BAD says; below /to/N/PATH it redirects N times and then to /PATH.
"""
import argparse
import base64
import datetime
import email.utils
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse

ID, SECRET, TOKEN, REGION = "test-id", "test-secret", "test-token", "eu-test-1"
AZURE_SECRET = base64.b64encode(b"azure\0secret").decode()  # MapCache ends the key at the zero

objects = {}
requests = []
lock = threading.Lock()


class Refused(Exception):
    pass


def digest(key, text, kind=hashlib.sha256):
    return hmac.new(key, text.encode(), kind).digest()


def expect(condition, what):
    if not condition:
        raise Refused(what)


def expect_recent(text, form):
    at = datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc)
    expect(abs((datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()) < 900, f"the time is {text}")


def check_v4(request, algorithm, key_prefix, prefix, region, service, terminator):
    scheme, _, fields = request.headers.get("Authorization", "").partition(" ")
    expect(scheme == algorithm, f"the algorithm is '{scheme}'")
    parts = dict(part.strip().split("=", 1) for part in fields.split(","))
    time = request.headers.get(prefix + "date", "")
    expect_recent(time, "%Y%m%dT%H%M%SZ")
    scope = [time[:8], region, service, terminator]
    expect(parts["Credential"].split("/") == [ID] + scope, f"the credential is {parts['Credential']}")
    names = parts["SignedHeaders"].split(";")
    expect(names == sorted(names), "the names of headers are not sorted")
    must = {name.lower() for name in request.headers if name.lower().startswith(prefix)} | {"content-type"}
    missing = {name for name in must if name in request.headers} - set(names)
    expect(not missing, f"not signed: {missing}")
    expect(request.headers.get(prefix + "content-sha256") == hashlib.sha256(request.body).hexdigest(), "the body's hash")
    token = request.headers.get(prefix + "security-token")
    expect(token in (None, TOKEN), f"the token is {token}")
    path, _, query = request.path.partition("?")
    canonical = "\n".join([request.command, path, query]
                          + [f"{name}:{request.headers[name].strip()}" for name in names]
                          + ["", ";".join(names), hashlib.sha256(request.body).hexdigest()])
    text = "\n".join([algorithm, time, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    key = (key_prefix + SECRET).encode()
    for part in scope:
        key = digest(key, part)
    expect(parts["Signature"] == digest(key, text).hex(), "the signature of " + repr(canonical))


def prefixed(request, prefix):
    found = sorted((name.lower(), value.strip()) for name, value in request.headers.items()
                   if name.lower().startswith(prefix))
    return "".join(f"{name}:{value}\n" for name, value in found)


def check_azure(request):
    value = request.headers.get
    length = value("Content-Length", "")
    if length == "0" and value("x-ms-version", "") >= "2015-02-21":
        length = ""
    names = ["Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match", "If-None-Match",
             "If-Unmodified-Since", "Range"]
    lines = [request.command, value("Content-Encoding", ""), value("Content-Language", ""), length]
    lines += [value(name, "") for name in names]
    text = "\n".join(lines) + "\n" + prefixed(request, "x-ms-") + f"/{ID}{request.path}"
    expect_recent(value("x-ms-date", ""), "%a, %d %b %Y %H:%M:%S GMT")
    wanted = base64.b64encode(digest(base64.b64decode(AZURE_SECRET), text)).decode()
    expect(value("Authorization") == f"SharedKey {ID}:{wanted}", "the signature of " + repr(text))


def check_google_v2(request):
    value = request.headers.get
    if request.body:
        expect(value("Content-MD5") == base64.b64encode(hashlib.md5(request.body).digest()).decode(), "the MD5")
    expect_recent(value("x-amz-date", ""), "%a, %d %b %Y %H:%M:%S GMT")
    text = "\n".join([request.command, value("Content-MD5", ""), value("Content-Type", ""), "", ""])
    text += prefixed(request, "x-amz-") + request.path
    wanted = base64.b64encode(digest(SECRET.encode(), text, hashlib.sha1)).decode()
    expect(value("Authorization") == f"AWS {ID}:{wanted}", "the signature of " + repr(text))


CHECKS = {
    "none": lambda request: None,
    "riak": lambda request: None,
    "s3": lambda request: check_v4(request, "AWS4-HMAC-SHA256", "AWS4", "x-amz-", REGION, "s3", "aws4_request"),
    "google-v4": lambda request: check_v4(request, "GOOG4-HMAC-SHA256", "GOOG4", "x-goog-", "auto", "storage",
                                          "goog4_request"),
    "google-v2": check_google_v2,
    "azure": check_azure,
}

XML = "application/xml"
PNG = b"\x89PNG\r\n\x1a\nw"
BAD = {
    "forbidden": (403, XML, b"<Error><Code>AccessDenied</Code><Message>Access\r\nDenied\x1b[2J</Message></Error>"),
    "hidden": (403, XML, b"<Error><Code>NoSuchKey</Code></Error>"),
    "no-bucket": (404, XML, b"<Error><Code>NoSuchBucket</Code></Error>"),
    "gone": (410, "text/plain", b"gone"),
    "broken": (500, "text/plain", b"x" * 5000),
    "overloaded": (503, "text/plain", b"later"),
    "throttled": (429, "text/plain", b"later"),
    "full": (507, "text/plain", b"no room"),
    "heavy": (413, "text/plain", b"too much"),
    "conflict": (409, "text/plain", b"locked"),
    "login": (200, "text/html", b"<!DOCTYPE html><title>Please sign in</title>"),
    "empty": (200, "image/png", b""),
    "nowhere": (302, "text/plain", b""),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer

    def log_message(self, *_):
        pass

    def answer(self, status, content=b"", media_type="text/plain", **headers):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def misbehave(self, name):
        write = self.wfile.write
        if name in BAD:
            status, media_type, content = BAD[name]
            self.answer(status, content, media_type)
            return
        self.close_connection = True
        if name == "garbage":
            write(b"\x00\xff this is no HTTP \x1b[2J\n" * 3)
        elif name == "headers":
            write(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: y\r\n" * 100_000 + b"\r\n")
        elif name == "truncated":
            write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n" + PNG)
        elif name == "huge":
            write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + PNG)
            for _ in range(70):
                write(bytes(1 << 20))
        elif name == "closed":
            pass
        elif name == "slow":
            self.server.ended.wait(60)
        elif name == "loop":
            self.answer(302, Location=self.path)
        elif name == "file":
            self.answer(302, Location="file:///etc/hostname")
        else:
            self.answer(500, b"no such misbehaviour")

    def serve_object(self):
        if self.command == "PUT":
            is_new = self.path not in objects
            objects[self.path] = (self.body, self.headers.get("Content-Type", ""))
            self.answer(201 if is_new else 204)
        elif self.path not in objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>", XML)
        elif self.command == "DELETE":
            del objects[self.path]
            self.answer(204)
        else:
            content, media_type = objects[self.path]
            self.answer(200, content, media_type, Last_Modified="Fri, 24 May 2013 00:00:00 GMT")

    def serve_riak(self):
        """The HTTP interface as Riak's manual describes it: objects below /buckets/BUCKET/keys/KEY."""
        path, _, query = self.path.partition("?")
        parts = path.split("/")
        if len(parts) != 5 or parts[1] != "buckets" or parts[3] != "keys" or not parts[2] or not parts[4]:
            self.answer(404, b"not found")
            return
        name = (urllib.parse.unquote(parts[2]), urllib.parse.unquote(parts[4]))
        if name[0] == "siblings":
            self.answer(300, b"Siblings:\n16vic4eU9ny46o4KPiDz1f\n4v5xOg4bVwUYZdMkqf0d6I\n")
        elif self.command == "PUT":
            if "Content-Type" not in self.headers:
                self.answer(400, b"Content-Type is required")
                return
            objects[name] = (self.body, self.headers["Content-Type"])
            self.answer(204)
        elif name not in objects:
            self.answer(404, b"not found")
        elif self.command == "DELETE":
            del objects[name]
            self.answer(204)
        else:
            content, media_type = objects[name]
            self.answer(200, content, media_type, X_Riak_Vclock="a85hYGBgzGDKBVIcypz/fvrt5q",
                        Last_Modified=email.utils.formatdate(0, usegmt=True))

    def handle_request(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_requests":
            with lock:
                self.answer(200, json.dumps(requests).encode(), "application/json")
            return
        with lock:
            requests.append({"method": self.command, "path": self.path,
                             "headers": {name.lower(): value for name, value in self.headers.items()}})
        parts = self.path.split("/")
        if parts[1] == "bad":
            self.misbehave(parts[2])
            return
        if parts[1] == "to":
            left = int(parts[2]) - 1
            onward = f"/to/{left}/" if left else "/"
            # By another name: the same server, and another origin.
            self.answer(302, Location=f"http://localhost:{self.server.server_port}{onward}{'/'.join(parts[3:])}")
            return
        try:
            CHECKS[self.server.auth](self)
        except (Refused, ValueError, KeyError) as why:
            self.answer(403, f"<Error><Code>SignatureDoesNotMatch</Code>{why}</Error>".encode(), XML)
            return
        with lock:
            self.serve_riak() if self.server.auth == "riak" else self.serve_object()

    do_GET = do_HEAD = do_PUT = do_DELETE = do_MKCOL = handle_request


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):  # a client that went away
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--auth", choices=CHECKS, default="none")
    server = Server(("127.0.0.1", 0), Handler)
    server.auth = parser.parse_args().auth
    server.ended = threading.Event()
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


main()
