"""Storage to read from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.s3 import s3, s3_port
from tests.storage.web_server import WebServer, web_server

__all__ = ["s3", "s3_port"]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    """A web server of the test's folder."""
    with web_server(tmp_path) as server:
        yield server
