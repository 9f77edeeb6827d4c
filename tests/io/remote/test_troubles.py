"""What is said when storage does not give what is asked for, and how soon."""

from __future__ import annotations

import builtins
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder.io.remote.filesystem as filesystem
from napari_thunder.errors import NotThereError, RecordingError, RefusedError
from napari_thunder.io import open_source
from napari_thunder.models.trouble import Trouble
from tests.io.conftest import zarr3
from tests.storage.s3 import S3
from tests.storage.web_server import WebServer


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    filesystem.forget()
    yield
    filesystem.forget()


def test_a_key_that_is_not_there(s3: S3) -> None:
    for address in ("s3://lab/nothing.tif", "s3://lab/nothing.zarr", "s3://lab/no/folder"):
        with pytest.raises(NotThereError, match=rf"{address}: there is nothing at this address. Check the spelling"):
            open_source(address)


def test_a_bucket_that_is_not_there(s3: S3) -> None:
    with pytest.raises(NotThereError, match=r"no-such-lab/a.zarr: there is no such bucket on http://127.0.0.1:\d+"):
        open_source("s3://no-such-lab/a.zarr")


def test_a_folder_of_other_things_names_what_is_read(s3: S3) -> None:
    s3.put("other/notes.txt", b"hello")
    with pytest.raises(RecordingError, match=r"s3://lab/other: not a recording.*Zarr.*TIFF"):
        open_source("s3://lab/other")
    with pytest.raises(RecordingError, match=r"s3://lab/other/notes.txt: not a recording"):
        open_source("s3://lab/other/notes.txt")


def test_no_permission_says_where_credentials_come_from(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.forbids = True
    with pytest.raises(RefusedError, match=r"does not let this computer \(.+\) read this.*~/.netrc"):
        open_source(f"{web.url}/a.zarr")
    monkeypatch.setenv("AWS_ENDPOINT_URL", web.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    with pytest.raises(RefusedError, match=r"s3://lab/a.zarr.*does not let.*AWS_PROFILE") as caught:
        open_source("s3://lab/a.zarr")
    assert "a-secret" not in str(caught.value)


def test_no_network_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    begun = time.monotonic()
    for address in ("s3://lab/a.zarr", "http://127.0.0.1:9/a.tif", "https://nowhere.invalid/a.zarr"):
        with pytest.raises(RecordingError, match=rf"{address}: .* cannot be reached from this computer"):
            open_source(address)
    assert time.monotonic() - begun < 10


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes calls, as its backlog does without it, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_stays_silent_is_given_up(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "SILENCE", 0.5)
    monkeypatch.setenv("AWS_ENDPOINT_URL", silent)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    for address in (f"{silent}/a.zarr", "s3://lab/a.zarr"):
        with pytest.raises(RecordingError, match="does not answer this computer"):
            open_source(address)


def test_a_silent_server_can_cost_no_minutes() -> None:
    assert filesystem.CONNECT * filesystem.ATTEMPTS <= 20
    assert filesystem.SILENCE * filesystem.ATTEMPTS**2 <= 90


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "s3fs":
            raise ModuleNotFoundError("No module named 's3fs'", name="s3fs")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RecordingError, match=r"needs the package s3fs.*pip install 'napari-thunder\[cloud\]'"):
        open_source("s3://lab/a.zarr")


def test_no_secret_of_a_redirect_reaches_the_details(web: WebServer, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0" + bytes(100))
    web.forbids = True
    with pytest.raises(RecordingError) as caught:
        open_source(f"{web.url}/a.tif")
    assert "ClientResponseError" not in Trouble.of(caught.value).details


def test_a_login_in_between_counts_at_the_next_try(web: WebServer, tmp_path: Path) -> None:
    zarr3(tmp_path, np.ones((3, 2, 8, 8), np.uint8))
    web.forbids = True
    with pytest.raises(RefusedError):
        open_source(f"{web.url}/movie.zarr")
    web.forbids = False
    assert open_source(f"{web.url}/movie.zarr").shape == (3, 2, 8, 8)
