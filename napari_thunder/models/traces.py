"""The traces on the desk: of the regions that are shown, of pinned voxels, and of the voxel under the mouse."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any

import pandas as pd
from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.connection import Connection
from napari_thunder.models.datasets import Dataset, Datasets
from napari_thunder.models.pointer import Place, Pointer
from napari_thunder.models.regions import Regions
from napari_thunder.models.trace import Trace, make_trace
from napari_thunder.models.trace_answers import TraceAnswers
from napari_thunder.models.trace_passes import TracePasses
from napari_thunder.models.trace_store import TraceStore
from napari_thunder.models.trace_subjects import (
    Subject,
    free_color,
    pin_key,
    subject_of_hover,
    subject_of_pin,
    subject_of_region,
    voxels_of,
)
from napari_thunder.models.trace_wishes import Wish, Wishes
from napari_thunder.models.trouble import Trouble
from napari_thunder.parameters import build
from napari_thunder.parameters import values as plain_values
from napari_thunder.regions import Region
from napari_thunder.traces.responses import EventResponse, TuningCurve
from napari_thunder.traces.settings import Measure, TraceSettings
from napari_thunder.traces.table import trace_table, write_csv

__all__ = ["EventResponse", "Measure", "Subject", "Trace", "TraceSettings", "Traces", "TuningCurve"]


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
        self._store = TraceStore()
        self._passes = TracePasses(connection, self._store)
        self._make_wishes = Wishes()
        self._pins: dict[Place, str] = {}
        self._dataset: Dataset | None = None
        self._wishes: dict[str, Wish] = {}
        self._traces: dict[str, Trace] = {}
        self._export_trouble: Trouble | None = None
        self._background = Background("traces-export")
        self._answers = TraceAnswers(self.answered.emit)
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
        with self._lock:
            return frozenset(key for key, wish in self._wishes.items() if self._is_coming(wish))

    @property
    def job(self) -> Job | None:
        """What is being read now."""
        return self._passes.job

    @property
    def trouble(self) -> Trouble | None:
        """Why traces are missing, or were not exported."""
        return self._passes.trouble or self._export_trouble

    @property
    def answer_trouble(self) -> Trouble | None:
        """Why there is no response or tuning of the selected subject, though it has a trace."""
        return self._answers.trouble

    def why_left_out(self) -> str:
        """What to tell about regions that are shown and have no trace; empty if there are none."""
        dataset = self._dataset
        if dataset is None:
            return ""
        names = [region.name for region in self._shown() if region.volume != dataset.recording.shape[1:]]
        if not names:
            return ""
        return f"{', '.join(names)}: drawn on a recording of another size, so there is no trace in {dataset.name}."

    def get(self, key: str) -> Trace | None:
        """The trace of a subject as it is shown now; None while it is not there."""
        with self._lock:
            wish, dataset = self._wishes.get(key), self._dataset
            if wish is None or dataset is None:
                return None
            if key not in self._traces:
                fingerprint = self._passes.fingerprint(dataset)
                raw = None if fingerprint is None else self._store.get(fingerprint, wish.content)
                ring = None if fingerprint is None or wish.ring is None else self._store.get(fingerprint, wish.ring)
                if raw is None or (wish.ring is not None and ring is None):
                    return None
                self._traces[key] = make_trace(wish.subject, raw, ring, self.settings, dataset.recording)
            return self._traces[key]

    def configure(self, **changes: Any) -> None:
        """Change settings, such as `configure(measure="z")`.

        Raises
        ------
        ParameterError
            If there is no such setting, or a value is outside its limits.
        """
        settings = build(TraceSettings, plain_values(self.settings) | changes)
        with self._lock:
            if settings == self.settings:
                return
            self.settings = settings
            self._traces.clear()
        self._look_again(told=True)

    def pin(self, place: Place) -> None:
        """Keep the trace of a voxel; it becomes the selected one."""
        with self._lock:
            self._pins.setdefault(place, free_color(self._pins.values()))
        self._look_again()
        self.select(pin_key(place))

    def unpin(self, key: str) -> None:
        """Let go of a pinned voxel."""
        with self._lock:
            self._pins = {place: color for place, color in self._pins.items() if pin_key(place) != key}
        self._look_again()

    def clear_pins(self) -> None:
        """Let go of all pinned voxels."""
        with self._lock:
            self._pins = {}
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
        self._export_trouble = None
        self._passes.retry()

    def table(self) -> pd.DataFrame:
        """`time` (s) or `frame`, and one column for each trace that is there, as shown; excluded frames are NaN."""
        found = [trace for subject in self.subjects if (trace := self.get(subject.key)) is not None]
        if not found:
            return pd.DataFrame()
        return trace_table(found[0].times, found[0].time_unit, [(trace.subject.name, trace.values) for trace in found])

    def export_csv(self, path: str) -> None:
        """Write `table()` to a CSV file, its settings in the first line; returns at once."""
        dataset = self._dataset
        about = {} if dataset is None else {"recording": dataset.recording.uri}
        about |= self._plain_settings()
        self._background.start(self._export, path, self.table(), about)

    def state(self) -> dict[str, Any]:
        """Pins, settings and selection as plain JSON values; see `restore`."""
        with self._lock:
            pins = [
                {"recording": place.dataset, "voxel": list(place.voxel), "color": color}
                for place, color in self._pins.items()
            ]
            return {"settings": self._plain_settings(), "pins": pins, "selection": self.selection}

    def restore(self, state: Mapping[str, Any], recordings: Mapping[int, int], regions: Mapping[int, int]) -> None:
        """Take over what `state` gave.

        Parameters
        ----------
        state
            What is missing or does not fit any more is left out.
        recordings, regions
            What keys became since.
        """
        from napari_thunder.models.trace_state import restored_pins, restored_selection, restored_settings

        with self._lock:
            self.settings = restored_settings(state, self.settings)
            self._pins |= restored_pins(state, recordings)
            self._traces.clear()
        self._look_again(told=True)
        self.select(restored_selection(state, recordings, regions))

    def close(self, seconds: float = 1.0) -> None:
        """Cancel everything and end; takes no longer than `seconds` even if a read hangs."""
        self._unlisten()
        self._passes.close(seconds / 2)
        self._answers.close(seconds / 4)
        self._background.close(seconds / 4)

    def _listen(self) -> None:
        self._datasets.changed.connect(self._look_again_at_recordings)
        self._datasets.removed.connect(self._forget)
        self._regions.changed.connect(self._look_again_at_regions)
        self._regions.selected.connect(self._follow_region)
        self._pointer.hovered.connect(self._look_again_at_hover)
        self._pointer.pinned.connect(self.pin)
        self._passes.arrived.connect(self._tell_arrivals)
        self._passes.changed.connect(self.progressed.emit)

    def _unlisten(self) -> None:
        self._datasets.changed.disconnect(self._look_again_at_recordings, missing_ok=True)
        self._datasets.removed.disconnect(self._forget, missing_ok=True)
        self._regions.changed.disconnect(self._look_again_at_regions, missing_ok=True)
        self._regions.selected.disconnect(self._follow_region, missing_ok=True)
        self._pointer.hovered.disconnect(self._look_again_at_hover, missing_ok=True)
        self._pointer.pinned.disconnect(self.pin, missing_ok=True)

    def _look_again_at_recordings(self) -> None:
        self._look_again()

    def _look_again_at_regions(self) -> None:
        self._look_again()

    def _look_again_at_hover(self, _: Place | None) -> None:
        self._look_again()

    def _follow_region(self, key: int | None) -> None:
        if key is not None:
            self.select(f"region:{key}")

    def _forget(self, dataset: Dataset) -> None:
        with self._lock:
            self._pins = {place: color for place, color in self._pins.items() if place.dataset != dataset.key}
        self._passes.forget(dataset.key)

    def _look_again(self, *, told: bool = False) -> None:
        """See what is wanted now, and say so."""
        with self._lock:
            before, had = self._wishes, self._dataset
            self._dataset = self._datasets.current
            self._wishes = {wish.subject.key: wish for wish in self._wished()}
            if self._dataset is not had:
                self._traces.clear()
            for key in list(self._traces):
                if key not in self._wishes or not _same(before.get(key), self._wishes[key]):
                    del self._traces[key]
            other = self._dataset is not had or not _all_same(before, self._wishes)
            lost = self.selection is not None and self.selection not in self._wishes
            wants = [want for wish in self._wishes.values() for want in wish.wants()]
            self._passes.want(self._dataset, wants)
        if not (other or told):
            return
        self.changed.emit()
        self.progressed.emit()
        if lost:
            self.select(None)
        elif self.selection is None and self._wishes:
            self._select_first()
        self._answer()

    def _select_first(self) -> None:
        first = next(iter(self._wishes.values())).subject
        if first.kind != "hover":
            self.select(first.key)

    def _shown(self) -> list[Region]:
        return [region for region in self._regions if region.visible]

    def _wished(self) -> list[Wish]:
        dataset = self._dataset
        if dataset is None:
            return []
        volume = dataset.recording.shape[1:]
        found = [(subject_of_region(r), r) for r in self._shown() if r.volume == volume]
        pins = {place: color for place, color in self._pins.items() if place.dataset == dataset.key}
        places = [(subject_of_pin(place, color), place) for place, color in pins.items()]
        hover = self._pointer.place
        if hover is not None and hover.dataset == dataset.key and hover not in pins:
            places.append((subject_of_hover(hover), hover))
        voxels = [(subject, voxels_of(place, volume)) for subject, place in places]
        found += [(subject, region) for subject, region in voxels if region is not None]
        if not self.settings.neuropil:
            return [self._make_wishes.of(subject, region) for subject, region in found]
        others = [region for region in self._regions if region.volume == volume]
        size = dataset.recording.voxel_size
        return [self._make_wishes.with_ring(subject, region, others, size) for subject, region in found]

    def _is_coming(self, wish: Wish) -> bool:
        missing = [want.content for want in wish.wants() if not self._is_there(want.content)]
        return bool(missing) and all(self._passes.waits_for(content) for content in missing)

    def _is_there(self, content: str) -> bool:
        fingerprint = None if self._dataset is None else self._passes.fingerprint(self._dataset)
        return fingerprint is not None and self._store.get(fingerprint, content) is not None

    def _tell_arrivals(self, contents: frozenset[str]) -> None:
        with self._lock:
            keys = [key for key, wish in self._wishes.items() if contents & {wish.content, wish.ring}]
            for key in keys:
                self._traces.pop(key, None)
            keys = [key for key in keys if self.get(key) is not None]
        for key in keys:
            self.arrived.emit(key)
        if self.selection in keys:
            self._answer()

    def _answer(self) -> None:
        trace = None if self.selection is None else self.get(self.selection)
        recording = None if self._dataset is None else self._dataset.recording
        self._answers.ask(trace, self.settings, recording)

    def _plain_settings(self) -> dict[str, Any]:
        return plain_values(self.settings) | {"measure": str(self.settings.measure)}

    def _export(self, path: str, table: pd.DataFrame, about: Mapping[str, Any]) -> None:
        try:
            if table.empty:
                raise ThunderError("There is no trace to export yet. Draw a region or pin a voxel, and wait for it.")
            write_csv(path, table, about)
        except ThunderError as error:
            self._export_trouble = Trouble.of(error)
        else:
            self._export_trouble = None
            self.saved.emit(path)
        self.progressed.emit()


def _same(one: Wish | None, other: Wish | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.subject, one.content, one.ring) == (other.subject, other.content, other.ring)


def _all_same(before: Mapping[str, Wish], now: Mapping[str, Wish]) -> bool:
    return list(before) == list(now) and all(_same(before[key], now[key]) for key in now)
