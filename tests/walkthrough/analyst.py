"""Every analysis on the fish by a person's hands: found by typing, filled in where it must be, run, looked at."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from napari_thunder.analysis.again import OWN
from napari_thunder.models.analyze.finding import listed
from tests.walkthrough.person import Person

NEEDED: Mapping[str, Mapping[str, Any]] = {
    "bilinear_regression": {"events_by": ["direction"]},
    "correlation": {"signals": ["swim"]},
    "gaussian_tuning": {"column": "direction"},
    "mean_regression": {"events_by": ["direction"]},
    "reduced_rank_regression": {"events_by": ["direction"]},
    "regression": {"events_by": ["direction"]},
    "regression_with_pca": {"events_by": ["direction"]},
    "ridge_regression": {"events_by": ["direction"]},
    "weighted_sums": {"signals": ["swim"]},
    "feature_tuning": {"signals": ["swim"]},
    "jpca": {"by": ["direction"]},
    "trajectories": {"by": ["direction"]},
    "two_conditions": {"by": ["direction"], "only": ["direction=0|180"]},
}
"""What has to be filled in on this fish: it is one whose conditions were shown once each."""

REFUSED: Mapping[str, str] = {
    "motion_share": "shifts",
    "population_decoding": "trials",
    "voxel_decoding": "trials",
    "two_conditions": "trials",
    "tuning_reliability": "",
    "gaussian_tuning": "",
    "von_mises_tuning": "",
}
"""What this fish cannot answer, with a word of the reason that must be said."""

LONGEST = 120.0
LEFT = [
    [(12.0, 22.0), (12.0, 40.0), (26.0, 40.0), (26.0, 22.0)],
    [(40.0, 22.0), (40.0, 38.0), (56.0, 38.0), (56.0, 22.0)],
]
RIGHT = [[(y, 88.0 - x) for y, x in reversed(corners)] for corners in LEFT]


class Analyst(Person):
    """Runs analyses one after the other."""

    def try_out(self, name: str) -> None:
        """Find an analysis by its title, fill in what it needs, run it, and wait until it has ended."""
        title = listed()[name].title
        self.tab("Analyze")
        self.fill(lambda: self.dock.analyze.analysis.finder.search, title.rstrip("…"))
        if self.window.ask(lambda: self.desk.draft.analysis) != name:
            self.window.ask(lambda: self.dock.analyze.analysis.choose(name))
        given = NEEDED.get(name)
        if given:
            self.window.ask(lambda: self.desk.draft.fill(given))
            time.sleep(0.4)
        before = self.window.ask(lambda: len(self.desk.jobs.runs))
        self.click(lambda: self.dock.analyze.run_panel.run_button)
        self.window.wait(lambda: len(self.desk.jobs.runs) > before or self._said(), f"{title} to begin")
        if not self.window.ask(self._said):
            self.window.wait(lambda: self.desk.jobs.runs[-1].ended, f"{title} to end", LONGEST)
            self.window.wait(lambda: self.dock.settled, f"the maps of {title}")
        said = self.window.ask(self._trouble)
        if said and name not in REFUSED:
            raise AssertionError(f"{title}: {said}")
        if said and REFUSED[name] not in said:
            raise AssertionError(f"{title} was refused without the reason: {said}")

    def look(self) -> None:
        """At what came of it."""
        self.tab("Results")

    def clear(self) -> None:
        """Take the results off the desk, for the next."""
        self.window.ask(lambda: [self.desk.results.remove(entry.key) for entry in list(self.desk.results)])
        self.window.ask(self.desk.jobs.clear_ended)

    def _said(self) -> str:
        return str(self.dock.analyze.run_panel.trouble.message)

    def _trouble(self) -> str:
        trouble = self.desk.jobs.runs[-1].trouble if self.desk.jobs.runs else None
        return self._said() or ("" if trouble is None else str(trouble.message))


def analyses(person: Analyst, options: argparse.Namespace) -> None:
    """Open the fish with its stimulus and its swimming, draw four regions, and run everything."""
    window = person.window
    person.step("analyses-connected", lambda: person.connect("threads"))
    person.step("analyses-opened", lambda: _open(person, options))
    for number, corners in enumerate((*LEFT, *RIGHT), 1):
        person.step(f"analyses-drawn-{number}", lambda corners=corners: person.draw(corners))  # type: ignore[misc]
    for name in (*(n for n in listed() if n != OWN),):
        person.step(f"{name}-form", lambda name=name: person.try_out(name))  # type: ignore[misc]
        if window.ask(lambda: any(entry.finished for entry in person.desk.results)):
            person.step(f"{name}-result", person.look)
        person.clear()
    person.step("own_model-form", lambda: _own(person, str(options.out / "my_model.py")))
    person.step("own_model-result", person.look)


def _open(person: Analyst, options: argparse.Namespace) -> None:
    import napari_thunder as nt

    with np.load(options.uri.replace("series", "fish.npz")) as stored:
        swim = np.asarray(stored["swim_or_motor_regressor"], float)
    signals = pd.DataFrame({"swim": swim}, index=pd.RangeIndex(len(swim), name="frame"))
    recording = nt.open(options.uri, frame_rate=1.0, voxel_size=(1, 1, 1), events=options.events, signals=signals)
    person.window.later(lambda: person.desk.datasets.add(recording))
    person.window.wait(lambda: person.desk.datasets.current is not None and person.dock.settled, "opening")


def _own(person: Analyst, path: str) -> None:
    """Save the example, load it, and run its first model."""
    panel = person.dock.analyze.analysis
    person.tab("Analyze")
    person.fill(lambda: panel.finder.search, "own model")
    person.window.later(panel.model.example_button.click)
    person.answer("Save the example", path)
    person.window.wait(lambda: panel.given(), "the form of the model")
    person.click(lambda: person.dock.analyze.run_panel.run_button)
    person.window.wait(lambda: person.desk.jobs.runs[-1].ended and person.dock.settled, "the model")
