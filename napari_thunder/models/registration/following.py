"""Lets the views for judging by eye show the registration that the desk looks at."""

from __future__ import annotations

from threading import RLock

from psygnal import SignalInstance

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.latest import Latest
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.pair import pair_of
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
        self._seen: tuple[object, object] = (None, None)
        self._lock = RLock()
        self._background = Background("followed-registration")
        self._latest = Latest(self._background)
        for signal in self._signals:
            signal.connect(self._follow)

    def close(self, seconds: float = 0.0) -> None:
        """Follow no more; takes no longer than `seconds`."""
        for signal in self._signals:
            signal.disconnect(self._follow, missing_ok=True)
        self._background.close(seconds)

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
            if all(new is old for new, old in zip(seen, self._seen, strict=True)):
                return
            self._seen = seen
            if entry is None or dataset is None:
                self._latest.ask(self._views.take, None)
            else:
                self._latest.ask(self._take, dataset, entry)

    def _take(self, dataset: Dataset, entry: RegistrationEntry) -> None:
        """Shifts of many blocks take a while to be looked through."""
        pair = None
        try:
            pair = pair_of(dataset, entry.shifts, entry.registration, entry.quality, entry.interpolation)
        except ThunderError as error:
            self._registrations.tell(Trouble.of(error))
        self._views.take(pair)
