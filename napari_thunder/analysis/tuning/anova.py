"""One-way analysis of variance over trials, for many voxels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_thunder.analysis.protocol import Answer
from napari_thunder.analysis.statistics import sum_of_squares, upper_p
from napari_thunder.analysis.tuning.angles import Places, Values


@dataclass(frozen=True, slots=True)
class Anova:
    """Whether the mean responses of conditions differ, as `scipy.stats.f_oneway`.

    Parameters
    ----------
    n_trials
        (conditions,) trials of each.
    """

    n_trials: Places

    @property
    def dof(self) -> tuple[int, int]:
        """Between conditions, and within."""
        return len(self.n_trials) - 1, int(self.n_trials.sum() - len(self.n_trials))

    def __call__(self, responses: Values) -> Answer:
        """f_statistic and p of responses (trials, voxels), sorted by condition; some have repeats."""
        between, within = self.dof
        starts = np.cumsum(self.n_trials) - self.n_trials
        centred = responses - responses.mean(axis=0)
        means = np.add.reduceat(centred, starts, axis=0) / self.n_trials[:, None]
        explained = self.n_trials @ means**2
        centred -= np.repeat(means, self.n_trials, axis=0)
        error = sum_of_squares(centred)
        f = explained / between / np.where(error > 0, error / within, np.nan)
        return {"f_statistic": f, "p": upper_p(f, between, within)}
