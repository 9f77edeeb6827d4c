"""Gaussian tuning of many voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.analysis.tuning.angles import Values
from napari_thunder.analysis.tuning.cross_validation import TrialFit
from napari_thunder.analysis.tuning.f_test import FTest

_LOW_PASS, _BAND_PASS, _HIGH_PASS = 1.0, 2.0, 3.0
_HALF_WIDTH = float(np.sqrt(2 * np.log(2)))


@dataclass(frozen=True, slots=True)
class Axis:
    """From steps back to values: the first, the size of a step, how many to the last, and whether these are logs."""

    first: float
    step: float
    last: float
    log2: bool

    def value(self, steps: Values) -> Values:
        """In units of the column."""
        scaled = self.first + self.step * steps
        return np.asarray(np.exp2(scaled) if self.log2 else scaled)


@dataclass(frozen=True, slots=True)
class GaussianMaps:
    """Responses and test of all voxels, and fit of those that pass it.

    Parameters
    ----------
    responses, means
        (trials, t) and (conditions, t) weights of the response to each trial, sorted by condition, and of their means.
    test, trial_fit
        What is computed.
    axis
        Of the values.
    largest_p, cross_validate
        As of the analysis.
    """

    responses: sparse.csr_array
    means: sparse.csr_array
    test: FTest
    trial_fit: TrialFit
    axis: Axis
    largest_p: float
    cross_validate: bool

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        mean, total, valid = centre(series)
        mean[~valid] = total[~valid] = np.nan
        with np.errstate(all="ignore"):
            tested = self.test(series, total)
            chosen = np.flatnonzero(valid & ((tested["p"] < self.largest_p) | (self.largest_p == 1)))
            fitted = self._fitted(weigh(self.responses, series, mean)[:, chosen])
            maps: Answer = {"response": weigh(self.means, series, mean)}
        for name, values in fitted.items():
            maps[name] = np.full(series.shape[1], np.nan)
            maps[name][chosen] = values
        return maps | {name: tested[name] for name in ("f_statistic", "p")}

    def _fitted(self, responses: Values) -> Answer:
        found, r_squared = self.trial_fit.fit(responses)
        last = self.axis.last
        amplitude = found.amplitudes[0]
        shape = np.where(found.place <= 0, _LOW_PASS, np.where(found.place >= last, _HIGH_PASS, _BAND_PASS))
        peaked = amplitude > 0
        width = np.exp(found.log_width) * self.axis.step * _HALF_WIDTH
        maps = {
            "preferred": np.where(peaked, self.axis.value(np.clip(found.place, 0, last)), np.nan),
            "half_width": np.where(peaked & (shape == _BAND_PASS), width, np.nan),
            "amplitude": amplitude,
            "offset": found.baseline,
            "shape": np.where(peaked, shape, np.nan),
            "r_squared": r_squared,
        }
        if self.cross_validate:
            maps["cv_r_squared"] = self.trial_fit.cross_validated(responses)
        return maps
