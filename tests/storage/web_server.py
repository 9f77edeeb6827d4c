"""A web server of a folder on a loopback port that knows byte ranges, may forbid, stay silent, or send all there is."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class WebServer(ThreadingHTTPServer):
    """Serves `folder`; `asked` are the paths and ranges of requests so far."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.knows_ranges = True
        self.forbids = False
        self.delay = 0.0
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WebServer

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def _answer(self, plainly: Callable[[], object]) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append((self.command, self.path, wanted))
        time.sleep(self.server.delay)
        path = Path(self.translate_path(self.path))
        if self.server.forbids:
            self.send_error(403)
        elif path.is_file() and self.server.knows_ranges:
            self._send_file(path, wanted)
        else:
            plainly()

    def _send_file(self, path: Path, wanted: str) -> None:
        size = path.stat().st_size
        last = re.fullmatch(r"bytes=-(\d+)", wanted)
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", f"bytes={max(0, size - int(last[1]))}-" if last else wanted)
        start = int(found[1]) if found else 0
        stop = min(size, int(found[2]) + 1) if found and found[2] else size
        if start >= max(1, size):
            self.send_error(416)
            return
        self.send_response(206 if found else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{path.stat().st_mtime_ns:x}"')
        self.send_header("Content-Length", str(stop - start))
        if found:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.end_headers()
        if self.command == "GET":
            with path.open("rb") as file:
                file.seek(start)
                self.wfile.write(file.read(stop - start))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def web_server(folder: Path) -> Iterator[WebServer]:
    """A server that runs for as long as the context does."""
    server = WebServer(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
