"""A proxy that speaks TLS for a server that does not, as labs put before Spark Connect."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A private certificate for `localhost` and its key."""
    certificate, key = folder / "lab.pem", folder / "lab.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@contextmanager
def tls_proxy(certificate: Path, key: Path, port: int) -> Iterator[int]:
    """Speak TLS on a free port of this computer for the plain `port`; gives the free one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, context, port), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_join, args=(listener.accept()[0], context, port), daemon=True).start()


def _join(raw: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Carry bytes both ways until either side is done; one thread, as a TLS socket is not for two."""
    with (
        suppress(OSError),
        raw,
        context.wrap_socket(raw, server_side=True) as outer,
        socket.create_connection(("127.0.0.1", port)) as inner,
    ):
        while True:
            ready = [outer] if outer.pending() else select.select([outer, inner], [], [])[0]
            for side, other in ((outer, inner), (inner, outer)):
                if side in ready:
                    data = side.recv(65536)
                    if not data:
                        return
                    other.sendall(data)
