"""Registrations as a session keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from napari_thunder.errors import SessionError
from napari_thunder.models.registration.entries import Entries
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.session.parts import Keys, Stored
from napari_thunder.result import is_result

if TYPE_CHECKING:
    import xarray as xr


def stored(entry: RegistrationEntry) -> Stored:
    """A registration as a session keeps it."""
    record = {"name": entry.name, "recording": entry.dataset, "path": entry.path}
    datasets = {("registration", entry.key): entry.registration}
    if entry.quality is not None:
        datasets["quality", entry.judgement] = entry.quality
    return Stored(record, datasets)


def taken(entries: Entries, record: Mapping[str, Any], datasets: Mapping[str, xr.Dataset], keys: Keys) -> None:
    """Put back what `stored` gave.

    Raises
    ------
    SessionError
        If its recording is not there any more.
    """
    dataset = keys.recordings.get(record["recording"])
    if dataset is None:
        raise SessionError("its recording could not be opened.")
    path = str(record.get("path", ""))
    entries.add(
        dataset,
        str(record["name"]),
        datasets["registration"],
        quality=datasets.get("quality"),
        judgement=next(judgements),
        path=path if path and is_result(path) else "",
    )


judgements = count(1)
"""Numbers that tell one judgement from the next."""
