"""The traces on the desk: of the regions that are shown, of pinned voxels, and of the voxel under the mouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psygnal import Signal, SignalInstance

from napari_thunder.engine import Job
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.pointer import Place, Pointer
from napari_thunder.models.rois.regions import Regions
from napari_thunder.models.traces.answers import TraceAnswers
from napari_thunder.models.traces.export import TraceExport, table_of
from napari_thunder.models.traces.passes import TracePasses
from napari_thunder.models.traces.pins import Pins
from napari_thunder.models.traces.shapes import TraceShapes
from napari_thunder.models.traces.state import restored_pins, restored_selection, restored_settings
from napari_thunder.models.traces.store import TraceStore
from napari_thunder.models.traces.subjects import Subject, pin_key, region_key, subject_of_hover
from napari_thunder.models.traces.trace import Trace
from napari_thunder.models.traces.wishes import Wish, Wishes
from napari_thunder.models.trouble import Trouble
from napari_thunder.parameters import build
from napari_thunder.parameters import values as plain_values
from napari_thunder.traces.responses import EventResponse, TuningCurve
from napari_thunder.traces.settings import Measure, TraceSettings

__all__ = ["EventResponse", "Measure", "Subject", "Trace", "TraceSettings", "Traces", "TuningCurve"]

Values = NDArray[np.float64]

_NAMED = 3
"""Regions that a sentence names; of more it says how many."""


class Traces:
    """What the Traces dock shows.

    Listens to recordings, regions, pointer and engine by itself, and reads what is missing. A trace is looked up by the
    voxels it is of, so that none is ever shown for voxels it is not of. Signals may be emitted from any thread:
    `changed()` for other subjects, settings or metadata; `arrived(key)` when a trace has new numbers; `answered()` when
    response and tuning are new; `progressed()` for job and trouble; `selected(key)`; `saved(path)` after an export.

    Attributes
    ----------
    settings
        How traces are shown; see `configure`.
    selection
        Key of the subject whose response and tuning are shown, or None.
    """

    changed = Signal()
    arrived = Signal(str)
    answered = Signal()
    progressed = Signal()
    selected = Signal(object)
    saved = Signal(str)

    def __init__(self, datasets: Datasets, regions: Regions, pointer: Pointer, connection: Connection) -> None:
        self.settings = TraceSettings()
        self.selection: str | None = None
        self._datasets, self._regions, self._pointer = datasets, regions, pointer
        self._pins = Pins()
        self._dataset: Dataset | None = None
        self._wishes: dict[str, Wish] = {}
        self._make_wishes = Wishes()
        self._store = TraceStore()
        self._passes = TracePasses(connection, self._store)
        self._shapes = TraceShapes(self._series, self._tell)
        self._answers = TraceAnswers(self.answered.emit)
        self._export = TraceExport(self.saved.emit, self.progressed.emit)
        self._lock = RLock()
        self._listen()
        self._look_again()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What has or will have a trace: regions, pinned voxels, and the voxel under the mouse last."""
        return tuple(wish.subject for wish in self._wishes.values())

    @property
    def pending(self) -> frozenset[str]:
        """Keys of the subjects whose trace is still to come."""
        wishes = self._wishes
        return frozenset(key for key, wish in wishes.items() if self._is_coming(key, wish))

    @property
    def job(self) -> Job | None:
        """What is being read now."""
        return self._passes.job

    @property
    def trouble(self) -> Trouble | None:
        """Why traces are missing, or were not exported."""
        return self._passes.trouble or self._export.trouble

    @property
    def answer_trouble(self) -> Trouble | None:
        """Why there is no response or tuning of the selected subject, though it has a trace."""
        return self._answers.trouble

    def why_left_out(self) -> str:
        """What to tell about regions that are shown and have no trace; empty if there are none."""
        dataset = self._dataset
        if dataset is None:
            return ""
        volume = dataset.recording.shape[1:]
        names = [region.name for region in self._regions if region.visible and region.volume != volume]
        if not names:
            return ""
        few = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        return f"{few}: drawn on a recording of another size, so there is no trace in {dataset.name}."

    def get(self, key: str) -> Trace | None:
        """The trace of a subject as it is shown now; None while it is not there."""
        return self._shapes.get(key)

    def configure(self, **changes: Any) -> None:
        """Change settings, such as `configure(measure="z")`.

        Raises
        ------
        ParameterError
            If there is no such setting, or a value is outside its limits.
        """
        settings = build(TraceSettings, plain_values(self.settings) | changes)
        if settings != self.settings:
            self.settings = settings
            self._look_again(told=True)

    def pin(self, place: Place) -> None:
        """Keep the trace of a voxel; it becomes the selected one."""
        self._pins.add(place)
        self._look_again()
        self.select(pin_key(place))

    def unpin(self, key: str) -> None:
        """Let go of a pinned voxel."""
        self._pins.remove(key)
        self._look_again()

    def clear_pins(self) -> None:
        """Let go of all pinned voxels."""
        self._pins.clear()
        self._look_again()

    def select(self, key: str | None) -> None:
        """Choose the subject whose response and tuning are shown; a region is chosen on the desk too."""
        if key == self.selection or (key is not None and key not in self._wishes):
            return
        self.selection = key
        self.selected.emit(key)
        if key is not None and key.startswith("region:"):
            self._regions.select(int(key.removeprefix("region:")))
        self._answer()

    def response(self) -> EventResponse | None:
        """How the selected subject answers events; None while that is not known."""
        return self._answers.response

    def tuning(self) -> TuningCurve | None:
        """The tuning of the selected subject to the column that events are grouped by; None while not known."""
        return self._answers.tuning

    def cancel(self) -> None:
        """Stop reading; what is missing stays so until `retry`."""
        self._passes.cancel()

    def retry(self) -> None:
        """Read again what could not be read."""
        self._export.trouble = None
        self._passes.retry()

    def table(self) -> pd.DataFrame:
        """`time` (s) or `frame`, and one column for each trace that is there, as shown; excluded frames are NaN."""
        return table_of(self._known())

    def export_csv(self, path: str) -> None:
        """Write `table()` to a CSV file, the settings in the first line; returns at once."""
        about = {} if self._dataset is None else {"recording": self._dataset.recording.uri}
        self._export.write(path, self._known(), about | self._plain_settings())

    def state(self) -> dict[str, Any]:
        """Pins, settings and selection as plain JSON values; see `restore`."""
        return {"settings": self._plain_settings(), "pins": self._pins.plain(), "selection": self.selection}

    def restore(self, state: Mapping[str, Any], recordings: Mapping[int, int], regions: Mapping[int, int]) -> None:
        """Take over what `state` gave.

        Parameters
        ----------
        state
            What is missing or does not fit any more is left out.
        recordings, regions
            What keys became since.
        """
        self.settings = restored_settings(state, self.settings)
        self._pins.take(restored_pins(state, recordings))
        self._look_again(told=True)
        self.select(restored_selection(state, recordings, regions))

    def close(self, seconds: float = 1.0) -> None:
        """Cancel everything and end; takes no longer than `seconds` even if a read hangs."""
        for source, slot in self._heard():
            source.disconnect(slot, missing_ok=True)
        for part in (self._passes, self._shapes, self._answers, self._export):
            part.close(seconds / 4)

    def _listen(self) -> None:
        for source, slot in self._heard():
            source.connect(slot)
        self._passes.arrived.connect(self._shape)
        self._passes.changed.connect(self._say_progress)

    def _heard(self) -> list[tuple[SignalInstance, Callable[..., None]]]:
        """What others tell, and what follows from it."""
        return [
            (self._datasets.changed, self._follow_recordings),
            (self._datasets.removed, self._forget),
            (self._regions.changed, self._follow_regions),
            (self._regions.selected, self._select_region),
            (self._pointer.hovered, self._follow_hover),
            (self._pointer.pinned, self.pin),
        ]

    def _say_progress(self) -> None:
        """Not `emit` itself: psygnal calls a connected `emit` once with many numbers, to see what it takes."""
        self.progressed.emit()

    def _follow_recordings(self) -> None:
        self._look_again()

    def _follow_regions(self) -> None:
        self._look_again()

    def _follow_hover(self, _: Place | None) -> None:
        self._look_again()

    def _select_region(self, key: int | None) -> None:
        if key is not None:
            self.select(region_key(key))

    def _forget(self, dataset: Dataset) -> None:
        self._pins.forget(dataset.key)
        self._passes.forget(dataset.key)

    def _look_again(self, *, told: bool = False) -> None:
        """See what is wanted now, and say so."""
        with self._lock:
            before, had = self._wishes, self._dataset
            self._dataset = dataset = self._datasets.current
            self._wishes = wishes = {wish.subject.key: wish for wish in self._wished()}
            self._shapes.become(wishes, self.settings, None if dataset is None else dataset.recording)
            self._passes.want(dataset, [want for wish in wishes.values() for want in wish.wants()])
        if told or dataset is not had or not _are_same(before, wishes):
            self.changed.emit()
            self.progressed.emit()
            self._select_what_is_there()
            self._answer()

    def _select_what_is_there(self) -> None:
        """Nothing, if what was selected is gone; the first, if nothing was and now there is one."""
        if self.selection is not None and self.selection not in self._wishes:
            self.select(None)
        elif self.selection is None:
            lasting = (subject.key for subject in self.subjects if subject.kind != "hover")
            self.select(next(lasting, None))

    def _wished(self) -> list[Wish]:
        dataset, hover = self._dataset, self._pointer.place
        if dataset is None:
            return []
        voxels = self._pins.of(dataset.key)
        if hover is not None and hover.dataset == dataset.key and hover not in self._pins:
            voxels.append((subject_of_hover(hover), hover))
        return self._make_wishes.all(dataset.recording, tuple(self._regions), voxels, self.settings.neuropil)

    def _series(self, content: str) -> Values | None:
        """What was read of these voxels of the current recording."""
        fingerprint = None if self._dataset is None else self._passes.fingerprint(self._dataset)
        return None if fingerprint is None else self._store.get(fingerprint, content)

    def _is_coming(self, key: str, wish: Wish) -> bool:
        if self._shapes.is_there(key):
            return False
        missing = [want.content for want in wish.wants() if self._series(want.content) is None]
        return all(self._passes.waits_for(content) for content in missing)

    def _shape(self, contents: frozenset[str]) -> None:
        self._shapes.shape([key for key, wish in self._wishes.items() if contents & {wish.content, wish.ring}])

    def _tell(self, key: str) -> None:
        self.arrived.emit(key)
        if key == self.selection:
            self._answer()

    def _answer(self) -> None:
        trace = None if self.selection is None else self.get(self.selection)
        recording = None if self._dataset is None else self._dataset.recording
        self._answers.ask(trace, self.settings, recording)

    def _plain_settings(self) -> dict[str, Any]:
        return plain_values(self.settings) | {"measure": str(self.settings.measure)}

    def _known(self) -> list[Trace]:
        return [trace for subject in self.subjects if (trace := self.get(subject.key)) is not None]


def _are_same(before: Mapping[str, Wish], now: Mapping[str, Wish]) -> bool:
    return list(before) == list(now) and all(before[key].is_as(wish) for key, wish in now.items())
