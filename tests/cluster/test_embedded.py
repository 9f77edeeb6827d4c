"""Spark on this computer: started for us alone, and gone when it should be."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from napari_thunder.cluster.embedded import start_embedded
from napari_thunder.engine import Job
from napari_thunder.errors import EngineError, JobCancelled

pytestmark = pytest.mark.timeout(90)


def broken_java(folder: Path) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(
        '#!/bin/sh\n[ "$1" = -version ] && { echo \'openjdk version "17.0.1"\' >&2; exit 0; }\n'
        "echo 'Could not reserve enough space for object heap' >&2\nexit 1\n"
    )
    java.chmod(0o755)
    return java


def test_the_server_is_private_and_stops_in_three_seconds_without_a_trace():
    server = start_embedded(cores=1)
    try:
        supervisor = psutil.Process(server.pid)
        family = [supervisor, *supervisor.children(recursive=True)]
        connections = [each for process in family for each in process.net_connections("tcp")]
        listening = {each.laddr.ip.removeprefix("::ffff:") for each in connections if each.status == "LISTEN"}
        written = " ".join(path.read_text(errors="replace") for path in server.folder.glob("*.*"))
        arguments = " ".join(part for process in family for part in process.cmdline())
        assert listening == {"127.0.0.1"}
        assert server.token not in written + arguments + repr(server)
        assert server.folder.stat().st_mode & 0o077 == 0
    finally:
        begun = time.monotonic()
        server.stop()
    server.stop()
    assert time.monotonic() - begun < 3
    assert not any(process.is_running() for process in family)
    assert not server.folder.exists()


def test_credentials_of_storage_do_not_hinder_a_computer_whose_name_nobody_knows():
    code = (
        "from napari_thunder.cluster.embedded import start_embedded; start_embedded(cores=1).stop(); print('started')"
    )
    alone = ["unshare", "--uts", "sh", "-c", 'hostname nobody-knows-this-name && exec "$@"', "sh"]
    keys = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "a-secret"}
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not give the computer another name for a while")
    ended = subprocess.run(
        [*alone, sys.executable, "-c", code], env=os.environ | keys, capture_output=True, text=True, check=False
    )
    assert "started" in ended.stdout, ended.stderr


def test_starting_says_what_it_does_and_can_be_cancelled():
    job, said = Job("start"), []
    job.changed.connect(lambda: said.append(job.message))
    threading.Timer(1.5, job.cancel).start()
    begun = time.monotonic()
    with pytest.raises(JobCancelled):
        start_embedded(job)
    assert time.monotonic() - begun < 5
    assert list(dict.fromkeys(said))[:2] == ["starting Java", "waiting for Spark to open its port"]


def test_spark_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(broken_java(tmp_path / "java").parents[1]))
    monkeypatch.setenv("NAPARI_THUNDER_CACHE", str(tmp_path / "cache"))
    with pytest.raises(
        EngineError, match=r"(?s)ended while it was starting.*2 GB of memory are free.*Could not reserve"
    ):
        start_embedded()
    assert not list((tmp_path / "cache").glob("*/*/"))


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("NAPARI_THUNDER_CACHE", str(tmp_path))
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(EngineError, match=r"No space left on device\)\. Set NAPARI_THUNDER_CACHE to a folder"):
        start_embedded()
    assert not list(tmp_path.glob("*/*/"))
