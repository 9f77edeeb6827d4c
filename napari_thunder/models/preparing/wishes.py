"""What is wanted of each recording on the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.preparing.wish import Keep, Motion, Wish, suggested_path, with_suffix
from napari_thunder.models.session.parts import Keys
from napari_thunder.parameters import parameters
from napari_thunder.preparing import Preparation
from napari_thunder.tables import plain


class Wishes:
    """Wishes by recording; one that was never spoken of has a suggested place and the defaults."""

    def __init__(self) -> None:
        self._wishes: dict[int, Wish] = {}

    def of(self, dataset: Dataset) -> Wish:
        """What is wanted of a recording."""
        if dataset.key not in self._wishes:
            self._wishes[dataset.key] = Wish(suggested_path(dataset.recording))
        return self._wishes[dataset.key]

    def change(self, dataset: Dataset, **new: Any) -> bool:
        """Want something else: fields of `Wish`; False if that is wanted already."""
        if "path" in new:
            new["path"] = with_suffix(new["path"])
        before = self.of(dataset)
        self._wishes[dataset.key] = replace(before, **new)
        return self._wishes[dataset.key] != before

    def forget(self, key: int) -> None:
        """Of a recording that is gone."""
        self._wishes.pop(key, None)

    def state(self) -> dict[str, Any]:
        """As plain JSON values, by key of the recording."""
        return {str(key): _plain(wish) for key, wish in tuple(self._wishes.items())}

    def restore(self, state: Mapping[str, Any], keys: Keys) -> None:
        """Take what `state` gave; what does not fit any more is left out."""
        for old, said in state.items():
            key = keys.recordings.get(int(old))
            if key is not None:
                self._wishes[key] = _restored(said, keys)


def _plain(wish: Wish) -> dict[str, Any]:
    given = {name: plain(value) for name, value in wish.given.items()}
    return {**asdict(wish), "given": given, "keep": str(wish.keep), "motion": str(wish.motion)}


def _restored(said: Mapping[str, Any], keys: Keys) -> Wish:
    """A region that is gone is not kept, and registrations have other keys now."""
    known = {p.name for p in parameters(Preparation)}
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in said["given"].items() if name in known}
    keep, motion, region = Keep(said["keep"]), Motion(said["motion"]), keys.regions.get(int(said["region"]), 0)
    if keep is Keep.REGION and not region:
        keep = Keep.KNOWN
    return Wish(str(said["path"]), given, keep, region, Motion.AS_SEEN if motion is Motion.CHOSEN else motion)
