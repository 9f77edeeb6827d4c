"""A server that answers as Google's JSON API does, as far as reading needs: listing, metadata, parts of objects."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class GoogleServer(ThreadingHTTPServer):
    """`objects` by bucket/key."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GoogleServer

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        listed = re.fullmatch(r"/storage/v1/b/([^/]+)/o/?", asked.path)
        one = re.fullmatch(r"(?:/download)?/storage/v1/b/([^/]+)/o/([^/]+)", asked.path)
        if listed:
            self._json(self._listing(listed[1], query))
        elif one and f"{one[1]}/{unquote(one[2])}" in self.server.objects:
            self._object(one[1], unquote(one[2]), media=query.get("alt") == "media")
        else:
            self._json({"error": {"code": 404, "message": "Not Found"}}, 404)

    def _listing(self, bucket: str, query: dict[str, str]) -> dict[str, Any]:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        keys = [k.removeprefix(f"{bucket}/") for k in self.server.objects if k.startswith(f"{bucket}/{prefix}")]
        deeper = {k for k in keys if delimiter and delimiter in k[len(prefix) :]}
        folders = sorted({prefix + k[len(prefix) :].split(delimiter)[0] + delimiter for k in deeper})
        return {"items": [self._about(bucket, k) for k in keys if k not in deeper], "prefixes": folders}

    def _about(self, bucket: str, key: str) -> dict[str, Any]:
        data = self.server.objects[f"{bucket}/{key}"]
        tag = hashlib.sha256(data).hexdigest()[:12]
        return {"name": key, "bucket": bucket, "size": str(len(data)), "etag": tag, "generation": "1",
                "updated": "2026-01-02T03:04:05Z", "timeCreated": "2026-01-02T03:04:05Z"}  # fmt: skip

    def _object(self, bucket: str, key: str, *, media: bool) -> None:
        if not media:
            self._json(self._about(bucket, key))
            return
        data = self.server.objects[f"{bucket}/{key}"]
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if found and not found[1]:
            data = data[-int(found[2]) :]
        elif found:
            data = data[int(found[1]) : int(found[2]) + 1 if found[2] else None]
        self._send(data, "application/octet-stream", 206 if found else 200)

    def _json(self, answer: dict[str, Any], status: int = 200) -> None:
        self._send(json.dumps(answer).encode(), "application/json", status)

    def _send(self, data: bytes, kind: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def google_server() -> Iterator[GoogleServer]:
    """A server that runs for as long as the context does."""
    server = GoogleServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
