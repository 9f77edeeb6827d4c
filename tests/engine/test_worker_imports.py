"""Workers of a cluster have none of our desk's packages; what they import must do without."""

from __future__ import annotations

import subprocess
import sys

import pytest

DESK_ONLY = ("cmap", "keyring", "magicgui", "napari", "platformdirs", "psutil", "psygnal", "qtpy", "tqdm", "xarray")

IMPORTS = f"""
import sys
for name in {DESK_ONLY}:
    sys.modules[name] = None
"""

WORK = """
import napari_thunder.engine.worker
import napari_thunder.analysis.blockwise
import napari_thunder.traces.sums
import napari_thunder.registration.quality.sums
from napari_thunder.analysis.registry import analyses, steps
from napari_thunder.io import formats
analyses(), steps(), formats()
"""


@pytest.mark.parametrize("line", WORK.strip().splitlines())
def test_a_worker_needs_none_of_the_packages_of_the_desk(line):
    code = IMPORTS + WORK[: WORK.index(line) + len(line)]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
