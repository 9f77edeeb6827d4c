"""An S3 server in a process of its own, and its environment, for the whole test run."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """The port the server will have, made known in the environment before engines start, so that workers know it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "a-key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-that-must-not-be-seen")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield port


class S3:
    """A bucket to put things into."""

    def __init__(self, port: int) -> None:
        import boto3

        self.bucket = "lab"
        self.client: Any = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
        self.client.create_bucket(Bucket=self.bucket)

    def put(self, key: str, data: bytes) -> str:
        """Put something there, and say its address."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)
        return f"s3://{self.bucket}/{key}"

    def put_folder(self, folder: Path, key: str) -> str:
        """Put all files of a folder (or a file) there, and say its address."""
        for path in [folder] if folder.is_file() else folder.rglob("*"):
            if path.is_file():
                inside = "" if path == folder else f"/{path.relative_to(folder).as_posix()}"
                self.put(key + inside, path.read_bytes())
        return f"s3://{self.bucket}/{key}"


@pytest.fixture(scope="session")
def s3(s3_port: int) -> Iterator[S3]:
    """A running server with a bucket."""
    process = subprocess.Popen([sys.executable, "-m", "tests.storage", str(s3_port)], stdin=subprocess.PIPE, cwd=ROOT)
    try:
        _wait(s3_port, process)
        yield S3(s3_port)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the S3 server did not start")
