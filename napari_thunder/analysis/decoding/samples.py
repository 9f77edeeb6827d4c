"""Trials as samples for a classifier: which frames make its features, its class, and the fold it is tested in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.selection import chosen_events
from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.trials import Trials, Window, make_trials
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups

Values = NDArray[np.float64]
Places = NDArray[np.intp]

REST = "rest"
"""Name of the class of what was before events."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to tell apart, and by what.

    Parameters
    ----------
    by, only
        Columns of the events that tell classes apart, and which events.
    rest
        Also the time before each event is a sample, of a class of its own.
    delay, duration, baseline
        Windows as in EventAverage. With `rest`, nothing is subtracted, and `baseline` is the window of rest.
    n_features
        Equal parts of the window, each of which is a feature.
    """

    by: tuple[str, ...]
    only: tuple[str, ...]
    rest: bool
    delay: float
    duration: float | None
    baseline: float
    n_features: int = 1


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in the order of the events; with rest, first the answers to events and then what was before each.

    Parameters
    ----------
    weights
        (features · samples, t) of the kept frames, features first.
    labels
        (samples,) number of the class of each.
    classes
        Their names.
    trial
        (samples,) number of the event of each among those that are used.
    rows
        (trials,) place of each among the chosen events.
    warnings
        About events that are not used.
    """

    weights: sparse.csr_array
    labels: Places
    classes: tuple[str, ...]
    trial: Places
    rows: Places
    warnings: tuple[str, ...]

    @property
    def counts(self) -> Places:
        """(classes,) samples of each."""
        return np.bincount(self.labels, minlength=len(self.classes))

    @property
    def chance(self) -> float:
        """Accuracy of always saying the most frequent class."""
        return float(self.counts.max() / self.counts.sum())

    def features(self, series: Values) -> Values:
        """(features, samples, n) of series (t, n)."""
        found: Values = (self.weights @ series).reshape(-1, len(self.labels), series.shape[1])
        return found

    def shuffled(self, n: int, seed: int) -> list[Places]:
        """n orders of the samples as they might be if classes meant nothing: trials are exchanged, rest too."""
        rng, n_trials = np.random.default_rng(seed), int(self.trial.max()) + 1
        halves = len(self.labels) // n_trials
        orders = []
        for _ in range(n):
            trial, swapped = rng.permutation(n_trials), rng.random(n_trials) < 0.5
            if halves == 1:
                orders.append(trial)
            else:
                orders.append(np.concatenate([trial + n_trials * swapped, trial + n_trials * ~swapped]))
        return orders


def trial_samples(context: Context, wanted: Wanted, what: str) -> Samples:
    """Samples of the kept frames of a recording.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    AnalysisError
        If there are fewer than two classes, or one has no usable event.
    """
    context.need_frames(2, what)
    where = f"{context.name}: {what}"
    if wanted.rest and wanted.baseline == 0:
        raise AnalysisError(f"{where}: rest needs a window before the events: give a baseline above 0 s.")
    events = events_for(context, wanted, what)
    classes, label = _classes(events, wanted, where)
    windows = _windows(events, wanted)
    found = [[make_trials(events, window, context, what) for window in each] for each in windows]
    usable = np.logical_and.reduce([trials.usable for each in found for trials in each])
    rows = np.flatnonzero(usable)
    for number, name in enumerate(classes[: len(classes) - wanted.rest]):
        if not (label[rows] == number).any():
            raise AnalysisError(f"{where}: no event of {name!r} has kept frames in its windows.")
    dropped = len(events) - len(rows)
    warnings = (
        [f"{dropped} of {len(events)} events left out: no kept frame in one of their windows."] if dropped else []
    )
    labels, trial = label[rows], np.arange(len(rows))
    if wanted.rest:
        labels = np.concatenate([labels, np.full(len(rows), len(classes) - 1)])
        trial = np.concatenate([trial, trial])
    return Samples(_weights(found, rows), labels, classes, trial, rows, tuple(warnings))


def events_for(context: Context, wanted: Wanted, what: str) -> pd.DataFrame:
    """The chosen events that have a value in all columns that matter, indexed from 0."""
    events = chosen_events(context.need_events(what), wanted.only, f"{context.name}: {what}")
    known = events[[column for column in wanted.by if column in events.columns]].notna().all(axis=1)
    chosen: pd.DataFrame = events[known].reset_index(drop=True)
    return chosen


def _classes(events: pd.DataFrame, wanted: Wanted, where: str) -> tuple[tuple[str, ...], Places]:
    """Names, and the number of each event's."""
    label = np.zeros(len(events), np.intp)
    names = []
    for number, (name, rows) in enumerate(event_groups(events, wanted.by)):
        names.append(name)
        label[rows.index.to_numpy()] = number
    classes = (*names, REST) if wanted.rest else tuple(names)
    if len(classes) < 2:
        raise AnalysisError(
            f"{where}: there is one class, {classes[0]!r}; two at least are needed. Give by= (columns of the events), "
            "or rest=true to tell events from what was before them."
        )
    return classes, label


def _windows(events: pd.DataFrame, wanted: Wanted) -> list[list[Window]]:
    """For answers, and for rest if wanted, the window of each feature."""
    n = wanted.n_features
    ground = 0.0 if wanted.rest else wanted.baseline
    lasts = float((events["stop_time"] - events["start_time"]).min()) if wanted.duration is None else wanted.duration
    if n == 1:
        answers = [Window(ground, wanted.delay, wanted.duration)]
    else:
        answers = [Window(ground, wanted.delay + k * lasts / n, lasts / n) for k in range(n)]
    if not wanted.rest:
        return [answers]
    part = wanted.baseline / n
    return [answers, [Window(0.0, -wanted.baseline + k * part, part) for k in range(n)]]


def _weights(found: Sequence[Sequence[Trials]], rows: Places) -> sparse.csr_array:
    features = range(len(found[0]))
    parts = [each[k].responses[rows] for k in features for each in found]
    return sparse.csr_array(sparse.vstack(parts))


def folds_of(samples: Samples, n_folds: int, seed: int, where: str) -> Places:
    """(samples,) the fold in which each is tested: stratified by class, a trial's samples together, seeded.

    The folds are those of scikit-learn's `StratifiedKFold(n_folds, shuffle=True, random_state=seed)` over the events.

    Raises
    ------
    AnalysisError
        If a class has fewer trials than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    n_trials = int(samples.trial.max()) + 1
    of_trial = samples.labels[:n_trials]
    counts = np.bincount(of_trial)
    if counts.min() < n_folds:
        few = samples.classes[int(counts.argmin())]
        raise AnalysisError(
            f"{where}: {few!r} has {counts.min()} usable trials, and n_folds={n_folds} needs as many of each class. "
            "Use fewer folds, fewer columns in by, or leave it out with only."
        )
    fold = np.empty(n_trials, np.intp)
    split = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(of_trial[:, None], of_trial)
    for number, (_, tested) in enumerate(split):
        fold[tested] = number
    return fold[samples.trial]


def chances(samples: Samples) -> dict[str, Any]:
    """Attributes of a result: what accuracy is by chance, and warnings."""
    return {
        "chance": samples.chance,
        "balanced_chance": 1 / len(samples.classes),
        "warnings": list(samples.warnings),
    }
