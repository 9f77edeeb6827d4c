"""What does not fit into a program: tables, times, masks and shifts, in files that are read back exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_thunder.analysis.own.model_file import ModelFile
from napari_thunder.errors import ResultError
from napari_thunder.events import read_design, read_events, read_signals
from napari_thunder.io.whole import written_whole
from napari_thunder.regions import region_from_plain
from napari_thunder.registration import shifts_from_plain
from napari_thunder.registration.shift_files import write_shifts
from napari_thunder.reproduce.recipe import NeedsFolderError


@dataclass
class Beside:
    """Writes what does not fit into a program, each in a form that is read back exactly."""

    folder: Path | None
    stem: str
    written: list[Path] = field(default_factory=list)

    def table(self, what: str, table: pd.DataFrame, n_frames: int) -> Path:
        path = self._path(f"{what}.csv")
        named = table.index.name is not None
        self._write(path, lambda draft: table.to_csv(draft, index=named))
        if not _same_table(_READERS[what](path, n_frames), table):
            path.unlink(missing_ok=True)
            raise ResultError(f"The {what} of this result cannot be written as CSV exactly. Copy it as Python instead.")
        return path

    def times(self, times: Sequence[float]) -> Path:
        path = self._path("frame-times.txt")
        self._write(path, lambda draft: draft.write_text("\n".join(map(repr, times)) + "\n", "utf-8"))
        return path

    def mask(self, stored: Mapping[str, Any]) -> Path:
        import tifffile

        region = region_from_plain(stored)
        labels = np.zeros(region.volume, np.uint8)
        labels[region.box] = region.mask
        path = self._path("mask.tif")
        self._write(
            path, lambda draft: tifffile.imwrite(draft, labels, photometric="minisblack", metadata={"axes": "ZYX"})
        )
        return path

    def regions(self, stored: Sequence[Mapping[str, Any]]) -> Path:
        from napari_thunder.io.regions import write_regions

        path = self._path("regions.geojson")
        regions = [region_from_plain(plain) for plain in stored]
        self._write(path, lambda draft: write_regions(regions, draft))
        return path

    def shifts(self, stored: Mapping[str, Any]) -> Path:
        path = self._path("shifts.csv")
        self._write(path, partial(write_shifts, shifts_from_plain(stored)))
        return path

    def model(self, kept: ModelFile) -> Path:
        """The file of a model of the user's own: where it was, if it is there as it was."""
        with suppress(OSError, UnicodeDecodeError):
            if Path(kept.path).read_text("utf-8") == kept.text:
                return Path(kept.path)
        path = self._path(kept.name)
        self._write(path, lambda draft: draft.write_text(kept.text, "utf-8"))
        return path

    def _path(self, name: str) -> Path:
        if self.folder is None:
            raise NeedsFolderError("Say in which folder the tables that this needs shall be written (folder=).")
        return self.folder / f"{self.stem}-{name}"

    def _write(self, path: Path, write: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path, ResultError) as draft:
            write(draft)
        self.written.append(path)


_READERS: Mapping[str, Any] = {
    "events": lambda path, _: read_events(path),
    "signals": lambda path, n_frames: read_signals(path, n_frames=n_frames),
    "design": lambda path, n_frames: read_design(path, n_frames),
}


def _same_table(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(
            a, b, check_dtype=False, check_exact=True, check_index_type=False, check_names=False
        )
    except AssertionError:
        return False
    return True
