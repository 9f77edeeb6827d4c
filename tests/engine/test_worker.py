"""What a worker needs is what a cluster has."""

from __future__ import annotations

import shutil
import subprocess
import sys

from napari_thunder.engine import worker

DESK_ONLY = ("psygnal", "psutil", "xarray", "napari", "qtpy", "pyspark", "keyring", "grpc", "platformdirs")


def test_a_worker_imports_nothing_that_only_the_desk_has():
    program = "import sys, napari_thunder.engine.worker; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & set(DESK_ONLY)


def test_a_worker_whose_nodes_folder_was_removed_makes_it_anew(tmp_path, monkeypatch):
    folder = tmp_path / "blocks"
    monkeypatch.setattr(worker, "node_folder", lambda: folder)
    worker.node_cache("mine")
    shutil.rmtree(folder)
    worker.node_cache("mine")
    assert (folder / "sessions" / "mine").exists()
