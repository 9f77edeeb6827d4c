"""Tests of tuning over trials, and its reliability, of many voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.analysis.tuning.angles import Values, preferred_angle, strength
from napari_thunder.analysis.tuning.anova import Anova
from napari_thunder.analysis.tuning.hotelling import Hotelling
from napari_thunder.analysis.tuning.indices import lifetime_sparseness
from napari_thunder.analysis.tuning.repeats import Repeats
from napari_thunder.analysis.tuning.resampling import Bootstrap, Permutations, Statistic

FOLDS = {"direction": 1, "orientation": 2}
_VOXELS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class CircularAnswer:
    """What to say of a preferred angle.

    Parameters
    ----------
    waves
        (3, conditions) weights of the vector sum.
    name
        `direction` or `orientation`.
    level
        Share of resamples within the interval.
    """

    waves: Values
    name: str
    level: float

    @property
    def folds(self) -> int:
        """1 for directions, 2 for orientations."""
        return FOLDS[self.name]


@dataclass(frozen=True, slots=True)
class TrialMaps:
    """Tests and reliability of many voxels.

    Parameters
    ----------
    responses
        (trials, t) weights of the response to each trial, sorted by condition.
    means
        (conditions, t) weights of the mean responses.
    anova, repeats, permutations, statistic, bootstrap, hotelling
        What is computed of them; None for nothing.
    angles
        None for categories.
    """

    responses: sparse.csr_array
    means: sparse.csr_array
    anova: Anova
    repeats: Repeats
    permutations: Permutations | None
    statistic: Statistic
    bootstrap: Bootstrap | None
    angles: CircularAnswer | None
    hotelling: Hotelling | None

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        starts = range(0, series.shape[1], _VOXELS_AT_ONCE)
        parts = [self._of_some(series[:, start : start + _VOXELS_AT_ONCE]) for start in starts]
        return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}

    def _of_some(self, series: Series) -> Answer:
        mean, _, valid = centre(series)
        mean[~valid] = np.nan
        with np.errstate(all="ignore"):
            responses = weigh(self.responses, series, mean)
            curves = weigh(self.means, series, mean)
            maps = self.repeats(series, responses, curves.argmax(axis=0))
            if self.anova.dof[1] > 0:
                maps |= self.anova(responses)
            else:
                del maps["reliability"]
            maps["lifetime_sparseness"] = lifetime_sparseness(np.maximum(curves, 0))
            if self.permutations is not None:
                maps |= self._shuffled(responses)
            if self.hotelling is not None:
                maps["p_hotelling"] = self.hotelling(responses)
            if self.angles is not None:
                maps |= self._preferred(curves, responses, self.angles)
                silent = np.isnan(maps["selectivity"])
                for name in maps.keys() & {"p_permutation", "shuffled_selectivity"}:
                    maps[name][silent] = np.nan
        for values in maps.values():
            values[~valid] = np.nan
        return maps

    def _shuffled(self, responses: Values) -> Answer:
        assert self.permutations is not None
        p, chance = self.permutations.test(responses, self.statistic)
        if self.angles is None:
            return {"p_permutation": p}
        return {"p_permutation": p, "shuffled_selectivity": chance}

    def _preferred(self, curves: Values, responses: Values, angles: CircularAnswer) -> Answer:
        x, y, total = angles.waves @ np.maximum(curves, 0)
        maps = {
            f"preferred_{angles.name}": preferred_angle(x, y, total, angles.folds),
            "selectivity": strength(x, y, total),
        }
        if self.bootstrap is None:
            return maps
        own = maps[f"preferred_{angles.name}"]
        return maps | self.bootstrap.interval(responses, own, angles.waves, angles.folds, angles.level)
