"""Lets the views for judging by eye show the registration that the desk looks at."""

from __future__ import annotations

from threading import RLock

from psygnal import SignalInstance

from napari_thunder.errors import ThunderError
from napari_thunder.models.datasets import Dataset
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.pair import Pair, pair_of
from napari_thunder.models.registration.quality_views import QualityViews
from napari_thunder.models.registration.registrations import Registrations
from napari_thunder.models.trouble import Trouble


class FollowedRegistration:
    """Gives the views each registration that is looked at, as soon as it is finished.

    Parameters
    ----------
    registrations
        Whose current one is shown.
    views
        What shows it.
    """

    def __init__(self, registrations: Registrations, views: QualityViews) -> None:
        self._registrations = registrations
        self._views = views
        self._seen: tuple[object, ...] = ()
        self._lock = RLock()
        for signal in self._signals:
            signal.connect(self._follow)

    def close(self, seconds: float = 0.0) -> None:
        """Follow no more; at once."""
        for signal in self._signals:
            signal.disconnect(self._follow, missing_ok=True)

    @property
    def _signals(self) -> tuple[SignalInstance, ...]:
        found = self._registrations
        return found.changed, found.judged, found.frames_changed

    def _follow(self, *_: object) -> None:
        with self._lock:
            entry, dataset = self._registrations.current, self._registrations.dataset
            if entry is not None and not entry.finished:
                entry = None
            seen = (entry, None if entry is None or dataset is None else dataset.recording)
            if seen == self._seen:
                return
            self._seen = seen
            pair = None if entry is None or dataset is None else self._pair(dataset, entry)
            self._views.take(pair)

    def _pair(self, dataset: Dataset, entry: RegistrationEntry) -> Pair | None:
        try:
            return pair_of(dataset, entry.shifts, entry.registration, entry.quality, entry.interpolation)
        except ThunderError as error:
            self._registrations.tell(Trouble.of(error))
            return None
