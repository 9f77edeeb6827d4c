"""What is done once, on one of the machines that see the store's disk: looking, beginning, finishing, verifying."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.storing.checksums import verify_store
from napari_thunder.io.storing.disk import disk_errors
from napari_thunder.io.storing.draft import LEDGER, SUFFIX, Draft, Plan, begin_draft, read_header, ticket_of
from napari_thunder.io.storing.finishing import attributes_of, columns_kept, finish_draft, is_whole, publish_whole

Array = NDArray[Any]
Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Errand:
    """Does a task where a block is read, and says in JSON what came of it; the voxels do not matter.

    Parameters
    ----------
    task
        Picklable; may be done again.
    """

    task: Callable[[], Said]

    def __call__(self, voxels: Array, block: Block) -> dict[str, Array]:
        return {"said": np.frombuffer(bytearray(json.dumps(self.task()).encode()), np.uint8)}


def draft_of(place: str) -> str:
    """Where a store is while it is made."""
    return place + SUFFIX


@dataclass(frozen=True, slots=True)
class Look:
    """What is at the place of a store: whether it is `taken`, and what was begun before (`request`, `ticket`)."""

    place: str

    def __call__(self) -> Said:
        place, root = Path(self.place), Path(draft_of(self.place))
        if not place.parent.is_dir():
            raise RecordingError(f"{place.parent}: there is no such folder to make the store in.")
        said: Said = {"taken": place.exists(), "free": shutil.disk_usage(place.parent).free, "begun": root.exists()}
        header = read_header(root)
        if header is not None:
            draft = Draft(str(root), ticket_of(header))
            done = [unit.name for unit in draft.units()]
            begun = {"request": header["request"], "layout": header["layout"], "done": done}
            return said | begun | _work_of(draft)
        if is_whole(root):
            return said | {"request": attributes_of(root)["preparation"]["request"], "whole": True}
        return said


@dataclass(frozen=True, slots=True)
class Begin:
    """Begins a store anew; what was left of an earlier try is removed."""

    place: str
    plan: Plan

    def __call__(self) -> Said:
        root = Path(draft_of(self.place))
        header = read_header(root)
        if header is None or ticket_of(header) != ticket_of(self.plan.header):
            with disk_errors(root.parent):
                remove_draft(root)
                begin_draft(root, self.plan)
        return _work_of(Draft(str(root), ticket_of(self.plan.header)))


@dataclass(frozen=True, slots=True)
class Finish:
    """Finishes a store of which every unit is done, and says what was `clipped`."""

    place: str
    ticket: str

    def __call__(self) -> Said:
        root, place = Path(draft_of(self.place)), Path(self.place)
        done_before = not root.exists() and is_whole(place)  # by a task that died with its answer
        if not done_before and is_whole(root):
            publish_whole(root, place)
        elif not done_before:
            finish_draft(Draft(str(root), self.ticket), place)
        return {"clipped": attributes_of(place)["preparation"]["clipped"]}


@dataclass(frozen=True, slots=True)
class Verify:
    """Compares a store with its checksums."""

    place: str

    def __call__(self) -> Said:
        return asdict(verify_store(Path(self.place)))


def _work_of(draft: Draft) -> Said:
    return {"ticket": draft.ticket, "columns": columns_kept(draft.layout, draft.kept)}


def remove_draft(root: Path) -> None:
    """Remove what was begun; its header first, so that nobody takes the rest for something to go on with.

    Raises
    ------
    RecordingError
        If it is not something that was begun by this program.
    """
    if not root.exists():
        return
    if not (root / LEDGER).is_dir() and not is_whole(root):
        raise RecordingError(f"{root}: is in the way, and nothing that prepare made. Move it elsewhere.")
    (root / LEDGER / "plan.json").unlink(missing_ok=True)
    shutil.rmtree(root)
