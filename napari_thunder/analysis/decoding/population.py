"""Which condition was it? Asked of regions together."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.decoding.classifiers import NAMES, Classifier, patterns
from napari_thunder.analysis.decoding.naive_bayes import NaiveBayes
from napari_thunder.analysis.decoding.samples import Samples, Wanted, events_for, folds_of, trial_samples
from napari_thunder.analysis.decoding.testing import tested, tested_over_time
from napari_thunder.analysis.events.asked import (
    conditions_by,
    only_some,
    response_delay,
    response_duration,
    trial_baseline,
)
from napari_thunder.analysis.events.course import Course
from napari_thunder.analysis.groups import DrawnGroups, cells_of
from napari_thunder.analysis.protocol import Answer, Context, Groups, Map, Means, PaintStep, Plan, Request, Role
from napari_thunder.analysis.statistics import varies
from napari_thunder.analysis.trials import Window, make_trials
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_MAPS = (
    Map("weight", "weight of the region for the condition", Role.SIGNED, "1", ("condition",)),
    Map("pattern", "pattern: covariance of the region with the decoded condition", Role.SIGNED, "1", ("condition",)),
    Map("accuracy_alone", "accuracy of the region alone", Role.FRACTION),
)


@dataclass(frozen=True, slots=True)
class PopulationDecoding:
    """How well the activity of many regions together tells which condition a trial was, and which regions say so.

    The features of a trial are the mean responses of the regions, as in EventAverage. A linear classifier is trained on
    all folds but one (features standardised there, to mean 0 and sd 1) and tested on that one, for each fold in turn.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition.
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold.
    rest
        Also tell conditions from `rest`, the window of `baseline` s before each event; nothing is subtracted then.
    cells
        In µm (voxels if their size is not known): edge of the cells of a grid that stand for regions. None: the regions
        that were drawn.
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event.
    baseline
        In s before the start of each event; 0 for none.
    classifier
        `logistic regression` (L2), `LDA` (linear discriminant with Ledoit & Wolf's shrinkage) or `linear SVM`.
    strength
        scikit-learn's C of the logistic regression and the SVM: the smaller, the more they are regularised.
    n_folds
        Stratified by condition; a trial is in one fold as a whole.
    n_permutations
        Trials are shuffled so many times for p; 0 for none.
    over_time
        Also decode at each lag from the start of the event.
    before, after
        Range of these lags in s.
    seed
        Of folds, permutations and the SVM.

    Returns
    -------
    weight : (condition, z, y, x)
        Of a classifier trained on all trials, in standard units, painted on the regions.
    pattern : (condition, z, y, x)
        Covariance of the region with the condition's score (Haufe et al. 2014): where the condition shows. A region can
        have a large weight only because it cancels the noise of another.
    accuracy_alone : (z, y, x)
        Of Gaussian naive Bayes with that region only, on the same folds.
    confusion : (condition, decoded)
        Share of the trials of a condition that were decoded as each.
    accuracy_of_fold : (fold,)
        Beside it attributes `accuracy` (all trials), `accuracy_sem` (over folds), `balanced_accuracy`, `chance`,
        `balanced_chance` and with permutations `p` and `null_accuracy` (its mean).
    accuracy_at_lag, accuracy_at_lag_sem : (lag, line)
        If `over_time`: accuracy and its error over folds; beside it, chance.
    n_trials : (condition,), n_voxels : (group,)
        Trials used, and voxels in each region.

    Raises
    ------
    MissingMetadataError
        If regions, frame times or events are not known.
    AnalysisError
        If there are fewer than two conditions, one has fewer trials than folds, or no region varies.

    Notes
    -----
    Compare accuracy with chance. Regions that overlap, or a single large one, share voxels and weights. Neighbouring
    trials are alike (drift, arousal): mix the order of conditions, or detrend first.

    References
    ----------
    scikit-learn: `make_pipeline(StandardScaler(), …)` with `StratifiedKFold(shuffle=True)`; Ojala & Garriga 2010, J.
    Mach. Learn. Res. 11:1833 (permutations); Haufe et al. 2014, NeuroImage 87:96 (patterns).
    """

    family: ClassVar[str] = "Decoding"
    title: ClassVar[str] = "Population decoding"
    summary: ClassVar[str] = "How well regions together tell the conditions apart, and which of them do"

    by: tuple[str, ...] = conditions_by("direction")
    only: tuple[str, ...] = only_some()
    rest: bool = parameter(False, help="Also tell conditions from the time before events")
    cells: float | None = parameter(
        None, help="Edge of the cells of a grid instead of regions that were drawn", unit="µm", minimum=1e-6
    )
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()
    classifier: str = parameter("logistic regression", help="Kind of linear classifier", choices=NAMES)
    strength: float = parameter(
        1.0, help="C of logistic regression and SVM; smaller: more regularised", minimum=1e-9, fine=True
    )
    n_folds: int = parameter(5, help="Folds of cross-validation", minimum=2)
    n_permutations: int = parameter(100, help="Permutations for p; 0 for none", minimum=0, fine=True)
    over_time: bool = parameter(False, help="Also decode at each lag")
    before: float = parameter(
        2.0, help="First of these lags, before the start of an event", unit="s", minimum=0, fine=True
    )
    after: float = parameter(
        8.0, help="Last of these lags, after the start of an event", unit="s", minimum=0, fine=True
    )
    seed: int = parameter(0, help="Of folds, permutations and the SVM", minimum=0, fine=True)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Plan:
        """A pass that averages the regions."""
        wanted = Wanted(self.by, self.only, self.rest, self.delay, self.duration, self.baseline)
        samples = trial_samples(context, wanted, self.title)
        fold = folds_of(samples, self.n_folds, self.seed, f"{context.name}: {self.title}")
        groups: Groups = (
            DrawnGroups.of(context.need_regions(f"{self.title} without cells"))
            if self.cells is None
            else cells_of(context, self.cells)
        )
        return self._steps(context, wanted, samples, fold, groups)

    def _steps(
        self, context: Context, wanted: Wanted, samples: Samples, fold: Places, groups: Groups
    ) -> Generator[Request, Answer, PaintStep]:
        found = yield Means(groups, "averaging regions")
        varying = varies(found["series"])
        usable = np.flatnonzero(varying)
        if not len(usable):
            raise AnalysisError(
                f"{context.name}: {self.title}: none of the {groups.n_groups} regions has a voxel that varies."
            )
        series = found["series"][:, usable]
        series = series - series.mean(axis=0)
        classifier = Classifier(self.classifier, self.strength, self.seed)
        features = samples.features(series)[0]
        values = self._values(classifier, samples, fold, features, series, usable, groups.n_groups)
        curves, facts = tested(classifier, samples, fold, features, self.n_permutations)
        coords: dict[str, Any] = {
            "condition": list(samples.classes),
            "decoded": list(samples.classes),
            "fold": np.arange(1, self.n_folds + 1),
            "group": list(groups.names),
        }
        curves["n_voxels"] = (("group",), found["n_voxels"], {"long_name": "voxels in each region"})
        if self.over_time:
            course = self._course(context, wanted, samples)
            coords["lag"], coords["line"] = course.lags, ["accuracy", "chance"]
            curves |= tested_over_time(classifier, course, samples, fold, series)
        if len(usable) < groups.n_groups:
            left = groups.n_groups - len(usable)
            facts["warnings"].append(f"{left} of {groups.n_groups} regions left out: no voxel that varies.")
        return PaintStep(groups, values, _MAPS, coords, curves, partial(_finish, facts=facts))

    def _values(
        self,
        classifier: Classifier,
        samples: Samples,
        fold: Places,
        features: Values,
        series: Values,
        usable: Places,
        n_groups: int,
    ) -> dict[str, Values]:
        """Maps (·, groups), NaN where a region is not usable."""
        weights = classifier.weights(features, samples.labels)
        alone = NaiveBayes(samples, fold)(series.copy())["accuracy"]
        known = {"weight": weights, "pattern": patterns(features, weights), "accuracy_alone": alone}
        values = {name: np.full((*v.shape[:-1], n_groups), np.nan) for name, v in known.items()}
        for name, found in known.items():
            values[name][..., usable] = found
        return values

    def _course(self, context: Context, wanted: Wanted, samples: Samples) -> Course:
        """The trials of the samples at each lag."""
        ground = 0.0 if self.rest else self.baseline
        window = Window(ground, self.delay, self.duration, self.before, self.after)
        events = events_for(context, wanted, self.title).iloc[samples.rows].reset_index(drop=True)
        trials = make_trials(events, window, context, self.title)
        return Course.of(trials, [np.arange(len(events))], self.before, self.after)


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    if "lag" in dataset.coords:
        dataset["lag"].attrs["units"] = "s"
    return dataset.assign_attrs(facts)
