"""What a session keeps in files beside results: of each thing a record, and datasets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_thunder.models.problems import Problems
from napari_thunder.models.session.parts import Keys, Shelf, Stored
from napari_thunder.models.session.session_file import results_folder
from napari_thunder.result import load_result

if TYPE_CHECKING:
    import xarray as xr

Stock = dict[str, tuple[Stored, ...]]


class Shelves:
    """Things by their kind, each kind with what gives and takes it: `shelves["registrations"] = Shelf(…)`."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._names: dict[tuple[Path, str, str, int], str] = {}

    def __setitem__(self, kind: str, shelf: Shelf) -> None:
        self._shelves[kind] = shelf

    def state(self) -> Stock:
        """All that is there now; fast."""
        return {kind: tuple(shelf.state()) for kind, shelf in self._shelves.items()}

    def laid_out(self, place: Path, stock: Stock) -> tuple[dict[str, list[Any]], dict[str, xr.Dataset]]:
        """Records that name their files, and the datasets by these names: always the same in the same session."""
        files: dict[str, xr.Dataset] = {}
        records: dict[str, list[Any]] = {}
        for kind, things in stock.items():
            records[kind] = []
            for stored in things:
                named = {what: self._name(place, kind, what, number) for what, number in stored.datasets}
                files |= {named[what]: dataset for (what, _), dataset in stored.datasets.items()}
                records[kind].append({**stored.record, "files": named})
        return records, files

    def restore(self, path: Path, records: Mapping[str, Sequence[Any]], keys: Keys, problems: Problems) -> None:
        """Put everything back; what cannot be is a problem."""
        for kind, shelf in self._shelves.items():
            for record in records.get(kind, ()):
                with problems.of(f"{kind.removesuffix('s')} {record.get('name', '?')}"):
                    shelf.restore(record, _loaded(path, record["files"]), keys)

    def _name(self, place: Path, kind: str, what: str, number: int) -> str:
        name = f"{what}-{number}-{uuid.uuid4().hex[:6]}.zarr"
        return self._names.setdefault((place, kind, what, number), name)


def _loaded(path: Path, files: Mapping[str, str]) -> dict[str, xr.Dataset]:
    return {what: load_result(results_folder(path) / Path(str(file)).name) for what, file in files.items()}
