"""Where a Spark Connect server is and how it is spoken to; what is secret is never shown."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from napari_thunder.errors import EngineError

TOKEN = "NAPARI_THUNDER_TOKEN"
"""Environment variable: the token for remote servers."""

CERTIFICATE = "NAPARI_THUNDER_CA"
"""Environment variable: a file with the certificate (PEM) that signed the server's, where it is a private one."""

KEYRING = "napari-thunder"
"""Service in the keyring; the user is `host:port`."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_KNOWN = ("token", "use_ssl", "ca")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A Spark Connect server.

    Parameters
    ----------
    host, port
        Where it listens.
    tls
        Whether what is said is encrypted.
    token
        What proves who we are, or None.
    certificate
        A PEM file that vouches for the server, or None for the machine's own.
    """

    host: str
    port: int
    tls: bool
    token: str | None = field(default=None, repr=False)
    certificate: Path | None = None

    @property
    def target(self) -> str:
        """`host:port`, as gRPC wants it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """As in `connect(name)`, without secrets."""
        plain = ";use_ssl=false" if not self.tls and self.host not in _LOOPBACK else ""
        return f"sc://{self.target}" + (f"/{plain}" if plain else "")


def parse_address(url: str) -> ServerAddress:
    """Read `sc://host:port/;use_ssl=false;ca=FILE`.

    TLS is used unless the host is this computer or `use_ssl=false` is said. The token comes from
    `NAPARI_THUNDER_TOKEN`, else from the keyring (service `napari-thunder`, user `host:port`); one in the URL
    (`;token=…`) wins.

    Raises
    ------
    EngineError
        If it is not an address of that form.
    """
    parts = urlsplit(url.replace(";", "/;", 1) if "/;" not in url else url)
    if parts.scheme != "sc" or not parts.hostname:
        raise EngineError("The address of a Spark Connect server looks like sc://host:15002.")
    options = _options(parts.path)
    local = parts.hostname in _LOOPBACK
    tls = _yes_or_no(options["use_ssl"]) if "use_ssl" in options else not local
    port = _port(parts.netloc)
    certificate = options.get("ca") or os.environ.get(CERTIFICATE)
    where = ServerAddress(parts.hostname, port, tls, None, Path(certificate).expanduser() if certificate else None)
    token = options.get("token") or os.environ.get(TOKEN) or _from_keyring(where.target)
    return ServerAddress(where.host, where.port, where.tls, token, where.certificate)


def remember_token(url: str, token: str) -> None:
    """Keep the token of a server in this user's keyring, where `parse_address` finds it.

    Raises
    ------
    EngineError
        If this computer has no keyring, or it refuses.
    """
    user = parse_address(url).target
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise EngineError("The token could not be kept: this computer has no keyring.") from None
    try:
        keyring.set_password(KEYRING, user, token)
    except (KeyringError, RuntimeError, OSError) as error:
        raise EngineError(
            f"The token could not be kept: this computer's keyring does not take it ({error}). "
            f"Set the environment variable {TOKEN} instead."
        ) from None


def _port(netloc: str) -> int:
    text = netloc.rsplit("@", 1)[-1].rsplit("]", 1)[-1].rpartition(":")[2] if ":" in netloc.rsplit("]", 1)[-1] else ""
    if not text:
        return 15002
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise EngineError(f"The port {text!r} of the Spark Connect server must be a number from 1 to 65535.")
    return int(text)


def _options(path: str) -> dict[str, str]:
    given = dict(part.partition("=")[::2] for part in path.lstrip("/").split(";") if part)
    unknown = sorted(set(given) - set(_KNOWN))
    if unknown:
        raise EngineError(
            f"The address of the Spark Connect server has an option {unknown[0]!r}, which is not known. "
            f"Known are: {', '.join(_KNOWN)}."
        )
    return {name: unquote(value) for name, value in given.items()}


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise EngineError(f"use_ssl={text} in the address of the Spark Connect server must be true or false.")
    return text.lower() == "true"


def _from_keyring(user: str) -> str | None:
    """None too where there is no keyring, as on most cluster nodes."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(KEYRING, user)
    except (KeyringError, RuntimeError, OSError):
        return None
