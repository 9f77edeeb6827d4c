"""The steps that can be undone: what the regions were before and after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from napari_thunder.regions import Region

State = Mapping[int, Region]

_MOST_STEPS = 100
_MOST_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Step:
    """An edit.

    Parameters
    ----------
    before, after
        The regions in their order.
    n_bytes
        Memory of the masks that are in one of them only.
    """

    before: State
    after: State
    n_bytes: int

    @classmethod
    def of(cls, before: State, after: State) -> Step:
        """The step from one state to another."""
        return cls(before, after, _only_in(before, after) + _only_in(after, before))


class Steps:
    """Edits that were made, and those that were taken back, so many and so large as memory allows.

    Parameters
    ----------
    most, most_bytes
        Older steps are forgotten when there are more, or their masks take more memory; the last one is always kept.
    """

    def __init__(self, most: int = _MOST_STEPS, most_bytes: int = _MOST_BYTES) -> None:
        self.done: list[Step] = []
        self.undone: list[Step] = []
        self._most = most
        self._most_bytes = most_bytes

    def add(self, step: Step) -> None:
        """An edit was made: nothing can be made again any more."""
        self.undone.clear()
        self.done.append(step)
        del self.done[: -self._most]
        while len(self.done) > 1 and sum(one.n_bytes for one in self.done) > self._most_bytes:
            del self.done[0]

    def undo(self) -> State | None:
        """What the regions were before the last edit; None if there is none."""
        if not self.done:
            return None
        self.undone.append(self.done.pop())
        return self.undone[-1].before

    def redo(self) -> State | None:
        """What they were after the edit that was taken back last; None if there is none."""
        if not self.undone:
            return None
        self.done.append(self.undone.pop())
        return self.done[-1].after


def _only_in(these: State, those: State) -> int:
    gone = (r for key, r in these.items() if key not in those or those[key].mask is not r.mask)
    return sum(_bytes_of(region) for region in gone)


def _bytes_of(region: Region) -> int:
    return region.mask[0].nbytes if region.same_on_every_plane else region.mask.nbytes
