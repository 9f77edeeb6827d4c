"""Tests of the window."""

import os

os.environ.setdefault("NAPARI_CONFIG", "")  # napari reads it when imported: no settings of a person, none on disk
