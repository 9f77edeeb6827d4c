"""What a worker needs is what a cluster has."""

from __future__ import annotations

import subprocess
import sys

DESK_ONLY = ("psygnal", "psutil", "xarray", "napari", "qtpy", "pyspark", "keyring", "grpc", "platformdirs")


def test_a_worker_imports_nothing_that_only_the_desk_has():
    program = "import sys, napari_thunder.engine.worker; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & set(DESK_ONLY)
