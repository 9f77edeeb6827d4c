"""What reads an address: one fsspec file system for each kind, shared by all threads of a process.

Credentials, endpoints and proxies come from the environment of the computer that reads, never from an address:
`AWS_*`, `~/.aws` and roles (`AWS_ENDPOINT_URL` names another server than Amazon's); Google's application-default
credentials; `~/.netrc` and `HTTPS_PROXY`. Where there are none, one reads as anybody.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from napari_thunder.errors import RecordingError
from napari_thunder.io.remote.address import without_secrets

FileSystem = Any
"""fsspec's own types say too little to be of use."""

PATIENCE = 60.0
"""Seconds that a question other than for voxels may take, all tries included."""

LONGEST = 120.0
"""Seconds that one part of a file, or one file of a Zarr, may take."""

CONNECT, SILENCE, ATTEMPTS = 8, 20, 2
"""Seconds to connect, seconds without a byte, and how often it is tried."""

AT_ONCE = 64
"""Requests under way at a time."""

_VARIABLES = (
    "AWS_",
    "GOOGLE_",
    "GCE_",
    "STORAGE_EMULATOR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NETRC",
    "FSSPEC_",
)


def file_system(address: str) -> FileSystem:
    """The file system of an address, as the environment is now.

    Raises
    ------
    RecordingError
        If the package that reads it is not installed.
    """
    scheme = address.partition("://")[0]
    try:
        return _made(scheme, os.getpid(), _environment())
    except ImportError as error:
        missing = (error.name or "fsspec").partition(".")[0]
        raise RecordingError(
            f"{without_secrets(address)}: reading {scheme}:// needs the package {missing}, which is not installed. "
            "Run pip install 'napari-thunder[cloud]' where the recording is read."
        ) from error


def forget() -> None:
    """Make file systems anew, as after a login in another window."""
    _made.cache_clear()


@lru_cache(maxsize=8)
def _made(scheme: str, process: int, environment: str) -> FileSystem:
    make: dict[str, Callable[[], FileSystem]] = {"s3": _s3, "gs": _google}
    return make.get(scheme, _web)()


def _environment() -> str:
    said = sorted((n, v) for n, v in os.environ.items() if n.upper().startswith(_VARIABLES))
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _s3() -> FileSystem:
    from botocore.session import get_session
    from s3fs import S3FileSystem

    config = {
        "connect_timeout": CONNECT,
        "read_timeout": SILENCE,
        "retries": {"total_max_attempts": ATTEMPTS, "mode": "standard"},
        "max_pool_connections": AT_ONCE,
    }
    found = S3FileSystem(
        anon=get_session().get_credentials() is None,
        config_kwargs=config,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    found.retries = ATTEMPTS
    return found


def _google() -> FileSystem:
    from aiohttp import ClientTimeout
    from gcsfs.core import GCSFileSystem  # the package itself has another one, which asks by gRPC and hangs

    patience = ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE)
    token = "google_default" if _has_google_credentials() else "anon"
    return GCSFileSystem(token=token, requests_timeout=patience, use_listings_cache=False, skip_instance_cache=True)


def _has_google_credentials() -> bool:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    if os.environ.get("STORAGE_EMULATOR_HOST"):
        return False
    try:
        google.auth.default()
    except DefaultCredentialsError:
        return False
    return True


def _web() -> FileSystem:
    from aiohttp import ClientTimeout
    from fsspec.implementations.http import HTTPFileSystem

    patience = ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE)
    return HTTPFileSystem(
        simple_links=False,
        client_kwargs={"timeout": patience, "trust_env": True},
        headers={"Accept-Encoding": "identity"},
        use_listings_cache=False,
        skip_instance_cache=True,
    )
