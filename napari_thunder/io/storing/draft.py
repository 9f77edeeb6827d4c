"""A store on its way: a folder beside its place, with what it will be and what is done of it.

Whoever starts it writes down what it will be; workers write shards and note each finished unit in a file of its own,
after the shards are on the disk. So it can be gone on with after anything was killed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.storing.conversion import Conversion, Mask, Misfits
from napari_thunder.io.storing.disk import disk_errors, write_whole
from napari_thunder.io.storing.kept import Kept
from napari_thunder.io.storing.layout import StoreLayout
from napari_thunder.io.storing.shard import Written

Array = NDArray[Any]

SUFFIX = ".preparing"
LEDGER = ".ledger"
_HEADER = "plan.json"
_REGISTRATION = "registration.npz"


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work that is done.

    Parameters
    ----------
    name
        Such as `image-000012`.
    shards
        What was written, by name in the store.
    misfits
        Voxels that did not fit the type.
    """

    name: str
    shards: Mapping[str, Written]
    misfits: Misfits

    def to_json(self) -> str:
        """As text."""
        shards = {name: [w.n_bytes, w.sha256] for name, w in self.shards.items()}
        misfits = [self.misfits.below, self.misfits.above, self.misfits.not_numbers]
        return json.dumps({"name": self.name, "shards": shards, "misfits": misfits})

    @classmethod
    def from_json(cls, text: str) -> Unit:
        """What `to_json` was made of."""
        stored = json.loads(text)
        shards = {name: Written(n_bytes, sha256) for name, (n_bytes, sha256) in stored["shards"].items()}
        return cls(stored["name"], shards, Misfits(*stored["misfits"]))


@dataclass(frozen=True)
class Draft:
    """The folder in which a store is made.

    Parameters
    ----------
    folder
        Where it is.
    ticket
        Of the plan that it is made by; another one under the same name has another.
    """

    folder: str
    ticket: str

    @property
    def root(self) -> Path:
        """The folder."""
        return Path(self.folder)

    @property
    def workshop(self) -> Path:
        """Where files are written that are not ready."""
        return self.root / LEDGER / "workshop"

    @property
    def ledger(self) -> Path:
        """Where the plan and what is done of it are written down."""
        return self.root / LEDGER

    @cached_property
    def header(self) -> dict[str, Any]:
        """What the store will be.

        Raises
        ------
        RecordingError
            If it is gone.
        """
        found = read_header(self.root)
        if found is None or ticket_of(found) != self.ticket:
            raise RecordingError(
                f"{self.root}: was finished, removed or begun anew meanwhile, by another program perhaps."
            )
        return found

    @cached_property
    def layout(self) -> StoreLayout:
        """How the store is cut."""
        return StoreLayout.from_plain(self.header["layout"])

    @cached_property
    def conversion(self) -> Conversion:
        """What is done to each volume."""
        return Conversion.from_plain(self.header["conversion"])

    @cached_property
    def kept(self) -> Kept:
        """Where it holds voxels."""
        masks = self.masks()
        inside = [masks[name] for name in self.header["mask"]]
        return Kept.of(self.layout, np.logical_and.reduce(inside) if inside else None)

    def masks(self) -> dict[str, Mask]:
        """Masks (z, y, x) that the store will have as labels, by name."""
        shape = self.layout.shape[1:]
        return {
            name: unpacked(np.load(self.ledger / f"{name}.npy", allow_pickle=False), shape)
            for name in self.header["labels"]
        }

    def registration(self) -> tuple[Array, tuple[Array, ...], dict[str, Any]] | None:
        """Shifts that were undone (t, blocks along z, y, x, 3), the blocks' centres, and what is said of them."""
        about = self.header["registration"]
        if about is None:
            return None
        with np.load(self.ledger / _REGISTRATION, allow_pickle=False) as stored:
            return stored["shift"], (stored["z"], stored["y"], stored["x"]), about

    def done(self, name: str) -> bool:
        """Whether a unit is."""
        return (self.ledger / f"{name}.json").exists()

    def note(self, unit: Unit) -> None:
        """Write down that a unit is done."""
        write_whole(self.ledger / f"{unit.name}.json", unit.to_json().encode(), self.workshop)

    def units(self) -> Iterator[Unit]:
        """What is done, in order of the names."""
        for path in sorted(self.ledger.glob("*-*.json")):
            yield Unit.from_json(path.read_text("utf-8"))


@lru_cache(maxsize=8)
def opened_draft(folder: str, ticket: str) -> Draft:
    """A draft with what was read of it, as units are many."""
    return Draft(folder, ticket)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a store will be, as it crosses a wire.

    Parameters
    ----------
    header
        What JSON can hold of it.
    masks
        By name, one bit for each voxel.
    shifts
        `shift` (t, blocks along z, y, x, 3) that is undone, and the blocks' centres `z`, `y`, `x`; or nothing.
    """

    header: Mapping[str, Any]
    masks: Mapping[str, Array]
    shifts: Mapping[str, Array]


def begin_draft(root: Path, plan: Plan) -> Draft:
    """Start a store; the header is written last, so that a draft with one has all it needs."""
    with disk_errors(root.parent):
        workshop = root / LEDGER / "workshop"
        workshop.mkdir(parents=True, exist_ok=True)
        for name, bits in plan.masks.items():
            np.save(root / LEDGER / f"{name}.npy", bits, allow_pickle=False)
        if plan.shifts:
            np.savez(root / LEDGER / _REGISTRATION, allow_pickle=False, **plan.shifts)
        text = json.dumps(plan.header, ensure_ascii=False)
        write_whole(root / LEDGER / _HEADER, text.encode(), workshop)
    return Draft(str(root), ticket_of(plan.header))


def read_header(root: Path) -> dict[str, Any] | None:
    """What a draft will be, or None if there is none or it was not really begun."""
    try:
        found = json.loads((root / LEDGER / _HEADER).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise RecordingError(f"{root}: its plan is damaged ({error}). Remove the folder and begin again.") from error
    return found if isinstance(found, dict) else None


def ticket_of(header: Mapping[str, Any]) -> str:
    """Tells one plan from another."""
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:16]


def unpacked(bits: Array, shape: tuple[int, ...]) -> Mask:
    """A mask of this shape of one bit for each voxel."""
    found: Mask = np.unpackbits(bits, count=math.prod(shape)).reshape(shape).astype(bool)
    return found
