"""What becomes of runs: results that fill in, previews that make room, half maps that go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_thunder.engine.job import JobState
from napari_thunder.models.analyze.jobs import Errand, Jobs, Run
from napari_thunder.models.results.pictures import Pictures
from napari_thunder.models.results.results import Results

if TYPE_CHECKING:
    from napari_thunder.pipeline import Partial

_GIVEN_UP = (JobState.CANCELLED, JobState.FAILED, JobState.CANCELLING)


class RunResults:
    """Puts what runs deliver on the desk, as results.

    A preview takes the place of an older one of the same recording, and the whole result that of its preview. What a
    cancelled or failed run left half done is taken away.

    Parameters
    ----------
    jobs
        Whose runs.
    results, pictures
        Where their results go.
    """

    def __init__(self, jobs: Jobs, results: Results, pictures: Pictures) -> None:
        self._results = results
        self._pictures = pictures
        self._keys: dict[int, int] = {}
        self._previews: dict[int, Run] = {}
        jobs.partial.connect(self._keep)
        jobs.changed.connect(self._follow)

    def key_of(self, run: Run) -> int | None:
        """Key of the result a run fills, while that is on the desk."""
        key = self._keys.get(run.key)
        return None if key is None or self._results.get(key) is None else key

    def show(self, run: Run) -> bool:
        """Bring the result of a run to the front; False if it is gone."""
        key = self.key_of(run)
        if key is not None:
            self._pictures.bring_to_front(key)
        return key is not None

    def _keep(self, run: Run, partial: Partial) -> None:
        if run.job.cancelled:
            return
        key, preview = self._keys.get(run.key), run.request.preview
        if key is None:
            entry = self._results.add(run.job.title, partial.dataset, finished=partial.done, preview=preview)
            self._keys[run.key] = key = entry.key
        else:
            self._results.update(key, partial.dataset, finished=partial.done)
        if partial.done:
            self._replace_previews(run)
            if preview:
                self._previews[key] = run

    def _replace_previews(self, run: Run) -> None:
        for key, before in tuple(self._previews.items()):
            if _takes_place_of(run, before):
                del self._previews[key]
                self._results.remove(key)

    def _follow(self, run: Run) -> None:
        if run.job.state in _GIVEN_UP:
            key = self._keys.pop(run.key, None)
            if key is not None:
                self._results.remove(key)


def _takes_place_of(run: Run, before: Run) -> bool:
    new, old = run.request, before.request
    if isinstance(new, Errand) or isinstance(old, Errand) or new.recording.uri != old.recording.uri:
        return False
    return new.preview or type(new.analysis) is type(old.analysis)
