"""Addresses of what lies in object storage or on the web, and what must never be in one: secrets."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from napari_thunder.errors import RecordingError

_ALIASES = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}
SCHEMES = ("s3", "gs", "https", "http")
"""What is read."""

OPTIONS = ("planes", "channel")
"""Ways to read a recording that may follow an address, as in `s3://lab/movie.tif?planes=12`."""

_SECRET = re.compile(
    r"sig$|signature|token|secret|passw|pwd|credential|api.?key|^key$|access.?key|auth|session|jwt|^sas|^code$", re.I
)
_LONGEST_VALUE = 64


def is_address(text: str) -> bool:
    """Whether it is an address of storage or the web, not a path on a disk."""
    scheme, found, _ = text.partition("://")
    return bool(found) and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]+", scheme) is not None and scheme.lower() != "file"


def checked_address(text: str) -> tuple[str, dict[str, str]]:
    """An address without the options that follow it, and these.

    Raises
    ------
    RecordingError
        If it is of a kind that is not read, holds a secret, or names no bucket or server.
    """
    scheme, _, rest = text.strip().partition("://")
    scheme = _ALIASES.get(scheme.lower(), scheme.lower())
    if scheme not in SCHEMES:
        raise RecordingError(
            f"{without_secrets(text)}: {scheme}:// is not read. Give s3://bucket/…, gs://bucket/…, https://server/… "
            "or a path on a disk this computer sees."
        )
    if holds_secret(text):
        raise RecordingError(
            f"{without_secrets(text)}: the address holds a password, key or signature, which would end up in logs and "
            f"saved files. Give it without. {_WHERE_CREDENTIALS[scheme]}"
        )
    whole = f"{scheme}://{rest}"
    if not _server_in(whole):
        raise RecordingError(f"{whole}: names no {'bucket' if scheme in ('s3', 'gs') else 'server'}.")
    return _parted(whole)


def holds_secret(text: str) -> bool:
    """Whether an address holds a user, a password, a key or a signature."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "@" in text
    return "@" in parts.netloc or any(_is_secret(name, value) for name, value in _pairs(parts.query))


def without_secrets(text: str) -> str:
    """The same words without what `holds_secret` finds, for messages."""
    if not is_address(text):
        return text
    scheme, _, rest = text.partition("://")
    where, slash, path = re.sub(r"^[^/?#]*@", "…@", rest).partition("?")
    if not slash:
        return f"{scheme}://{where}"
    pairs = (pair.partition("=") for pair in path.partition("#")[0].split("&"))
    said = "&".join(f"{name}={'…' if _is_secret(name, value) else value}" for name, _, value in pairs)
    return f"{scheme}://{where}?{said}"


def _server_in(address: str) -> str:
    try:
        return urlsplit(address).netloc.strip(".")
    except ValueError:
        raise RecordingError(f"{without_secrets(address)}: not an address: its server is misspelt.") from None


def _parted(address: str) -> tuple[str, dict[str, str]]:
    """On the web other queries than our options belong to the address, as in `…/movie.tif?download=1`."""
    where, _, query = address.partition("?")
    where = where.partition("#")[0] if where.startswith("http") else where
    pairs = _pairs(query.partition("#")[0])
    if not where.startswith("http"):
        return where.rstrip("/"), dict(pairs)
    options = {name: value for name, value in pairs if name in OPTIONS}
    kept = "&".join(p for p in query.partition("#")[0].split("&") if p and p.partition("=")[0] not in OPTIONS)
    return (f"{where}?{kept}" if kept else where.rstrip("/")), options


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _is_secret(name: str, value: str) -> bool:
    return _SECRET.search(name) is not None or len(value) > _LONGEST_VALUE


_WHERE_S3 = (
    "Credentials are taken from the computer that reads: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in "
    "~/.aws (AWS_PROFILE), or its role."
)
_WHERE_GS = "Credentials are taken from the computer that reads: run gcloud auth application-default login there."
_WHERE_WEB = "A user and password are taken from ~/.netrc on the computer that reads."
_WHERE_CREDENTIALS = {"s3": _WHERE_S3, "gs": _WHERE_GS, "https": _WHERE_WEB, "http": _WHERE_WEB}


def where_credentials(address: str) -> str:
    """A sentence that says where credentials for an address are taken from."""
    return _WHERE_CREDENTIALS[address.partition("://")[0]]
