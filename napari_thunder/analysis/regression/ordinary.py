"""Linear regression at each voxel."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Context, MapStep, Reduce
from napari_thunder.analysis.regression.asked import DesignSettings, folds_in_turn, gap_beside_folds
from napari_thunder.analysis.regression.contrasts import parse_contrasts
from napari_thunder.analysis.regression.folds import blocked_folds, gap_between
from napari_thunder.analysis.regression.inference import (
    CIRCULAR_SHIFT,
    HAC,
    INFERENCES,
    OLS,
    WARNINGS,
    Shifting,
    fit_of,
    least_p_of_clusters,
    noise_memory,
    shifted_fit,
    shifts_of,
    warnings_of_shifts,
)
from napari_thunder.analysis.regression.least_squares import Asked
from napari_thunder.analysis.regression.making import Making
from napari_thunder.analysis.regression.penalised import Penalised, penalised
from napari_thunder.analysis.regression.recipe import Recipe, recipe_of
from napari_thunder.analysis.regression.reported import asked_of
from napari_thunder.analysis.regression.robust import robust
from napari_thunder.analysis.regression.shown_design import warnings_of
from napari_thunder.parameters import parameter


@dataclass(frozen=True, slots=True, eq=False)
class Regression(DesignSettings):
    """Linear regression y = X β + e at each voxel: weights, contrasts, and how sure they are.

    Parameters
    ----------
    events_by
        Regressors from the events: one for each combination of levels of these columns. `()`: all events are one
        regressor, `event`. None: no regressors from events.
    signals
        Behaviour signals, sampled at the frames.
    design
        Further regressors: a table (t, p) with named columns and one row for each frame (excluded frames too), as a
        DataFrame or a path to CSV or TSV. Taken as it is.
    kernel
        Calcium indicator whose answer (unit area) events and signals are convolved with, causally and before excluded
        frames are dropped. None: regressors are what happened, not what the indicator shows of it.
    decay, rise
        Constants of the indicator in s, in place of the usual ones of `kernel`; alone they are an indicator as well.
    lags
        Lags in s: each signal makes one regressor for each, x(t − lag), so that at a positive lag the brain follows
        the signal. Before the first frame a signal counts as its first value, after the last as its last. Empty: the
        signals as they are.
    fir
        s: follow each event for so long with one regressor for each frame since its start, in place of its shape and
        the kernel; the weights are the answer, whatever its form (finite impulse response).
    drift_period
        s: take slow changes into account by cosines of this period and longer, floor(2 T / period) of them.
    drift_order
        Take slow changes into account by polynomials up to this degree.
    motion
        Take motion into account: shifts along z, y and x, and their changes from frame to frame.
    contrasts
        Comparisons of weights. `left - right` and `swim` are tested by t; several with `;` between at once by F, and so
        are all regressors of a group by its name (an event column, a signal with lags, `motion`, `drift`). Several
        contrasts have commas between.
    inference
        `ols`: p as if frames were independent. `ar1`: prewhitened with the autocorrelation of the residuals of each
        voxel. `hac`: errors that allow for noise of any kind that is forgotten after some time (Newey & West).
        `circular_shift`: the design shifted in time against the brain.
    noise_memory
        With `hac`, s after which noise is forgotten; 0: at once (White's errors). None: five decay times of the
        indicator, but at least a tenth of the recording.
    n_shifts
        How many shifts, the same for all voxels; all there are, if there are no more.
    min_shift
        Least shift in s, either way. None: five decay times of the indicator, but at least a
        twentieth of the recording.
    family_wise
        With shifts, also p for the whole brain from the largest statistic of each shift; takes as long again.
    seed
        Of the choice of shifts.
    cluster_p
        Give the sizes of clusters of voxels whose p is at most this and whose effects have one sign; with shifts, also
        p of clusters, which needs room for cluster_p · (1 + n_shifts) further maps of each weight while it runs.
    cluster_reach
        µm between the centres of voxels that are neighbours in a cluster; 0: those that share a face.
    cluster_size
        µm³ below which clusters are left out.
    intercept
        A constant beside the regressors. It has no map.
    standardize
        Scale regressors to mean 0 and sd 1 (ddof 0) over the kept frames, so that weights compare between them.
    unique
        Also map partial R² of each regressor, and what each group explains that no other does.
    z
        Also map z: the standard normal value that is as unlikely as t.
    cross_validate
        Also map how well frames left out are predicted.
    n_folds
        Stretches of frames that are then left out in turn.
    gap
        s beside a stretch that are not learnt from either, as activity outlasts it. None: five decay times of the
        indicator, or a fiftieth of the recording if that is not known.

    Returns
    -------
    beta : (regressor, z, y, x)
        In units of the movie (after preprocessing) per unit of the regressor, or per sd of it if `standardize`.
        Regressors of drift and motion have no map. With `ar1`, by generalised least squares.
    t, p : (regressor, z, y, x)
        t = β / se, se² = RSS / dof · (X'X)⁻¹ⱼⱼ, dof = kept frames − regressors − intercept; two-sided p.
    p_fdr : (regressor, z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg, each regressor for itself.
    contrast_beta, contrast_t, contrast_p, contrast_p_fdr : (contrast, z, y, x)
        c'β and t = c'β / √(c' cov c), two-sided p.
    f, f_p, f_p_fdr : (f_contrast, z, y, x)
        F = (Cβ)' (C cov C')⁻¹ (Cβ) / q of q rows at once.
    r_squared : (z, y, x)
        1 − RSS / TSS of ordinary least squares, whichever the inference; drift and motion count. TSS is about the mean
        with an intercept, about 0 without.
    partial_r_squared : (regressor, z, y, x)
        t² / (t² + dof): the share that the regressor explains of what the others leave.
    delta_r_squared : (group, z, y, x)
        R² − R² without the group (an event column, a signal with its lags, a column of the table, `motion`, `drift`).
    z, contrast_z : as t
        sign(t) · Φ⁻¹(1 − p / 2), without underflow.
    rho : (z, y, x)
        With `ar1`: autocorrelation of the residuals one frame apart, in steps of 0.01.
    cv_r_squared : (z, y, x)
        With `cross_validate`: 1 − Σ (y − ŷ)² / Σ (y − ȳ)² over the frames left out, ŷ and ȳ from those learnt from
        (ȳ = 0 without intercept). Below 0 where predictions are worse than the mean, and not clipped.
    p_fwer, contrast_p_fwer, f_p_fwer
        With `circular_shift`: (1 + shifts whose largest statistic over the brain is as large) / (1 + shifts). Below
        0.05, one voxel or more is false in 5 % of recordings.
    cluster_size, contrast_cluster_size
        µm³ of the cluster that a voxel belongs to; NaN where it is in none.
    p_cluster, contrast_p_cluster
        With `circular_shift`, of that cluster: (1 + shifts whose largest cluster over the brain is as large) /
        (1 + shifts), clusters at a shift being those of voxels whose statistic there is as unlikely among all shifts.
    design : (frame, column)
        The regressors as used, with those of drift and motion last. Beside it `vif` (column), the variance inflation
        factors.
    Attributes `dof` (with `hac` what its errors are worth), `condition_number` and `warnings` (a list of texts).

    Raises
    ------
    ThunderError
        If there are no regressors, what is needed is not there, frames are too few, regressors are constant, the
        same, or combinations of others, or a contrast is not understood; the message names them.

    Notes
    -----
    Share of voxels without any answer that have p < 0.05 (600 frames, 12 events; `python -m tests.truth.regression`):

    =================================================  =====  =====  =====  ================
    noise                                              `ols`  `ar1`  `hac`  `circular_shift`
    =================================================  =====  =====  =====  ================
    white                                              0.05   0.05   0.08   0.06
    calcium, decay of 10 frames                        0.59   0.05   0.09   0.06
    calcium, decay of 10 frames, rise of 3             0.63   0.29   0.09   0.06
    calcium, decay of 10, and as much white noise      0.44   0.22   0.09   0.06
    =================================================  =====  =====  =====  ================

    So p of `ols` is a ranking, not a test. `ar1` holds as far as noise remembers as AR(1) does. `hac` does not ask
    how it remembers, only for how long, and is a little too sure as it learns that from the same few frames.
    `circular_shift` asks only that what goes on is stationary, but its p cannot be below 1 / (1 + shifts), and evenly
    spaced events shift onto themselves. None knows of drift: take it out first, or into account. Over the brain,
    p_fwer < 0.05 was found in 7 % of recordings of noise, p_cluster < 0.05 in 10 %.

    `ar1`: ρ = Σ e(t) e(t + 1) / Σ e(t)² (Yule & Walker) of the residuals of ordinary least squares, rounded to 0.01 and
    within ±0.99; then generalised least squares with the covariance of an AR(1) process, exact also for the first
    frame (Prais & Winsten); stretches between excluded frames count as independent. `hac`: the covariance of β is
    (X'X)⁻¹ S (X'X)⁻¹ with S = Σ w(|t − s|) x(t) e(t) e(s) x(s)' and w(l) = 1 − l / (L + 1) up to the memory L (excluded
    frames count as time without residuals), times n / (n − p), and over 1 − b + b² / 3 with b = (L + 1) / T, as the fit
    takes slow noise from the residuals; t has 1.5 / b degrees of freedom, F those of Hotelling. `circular_shift`: the
    regressors (not drift, motion and constant) are shifted together over all frames, excluded ones too, and fitted
    beside what does not shift; the statistics are t² and F.

    Where a fit leaves nothing but rounding, t and p are NaN. Regressors with variance inflation above 5 share what they
    explain. R² rises with every regressor; `cross_validate` says how well frames are predicted that were not seen.
    Global signals make signs flip; motion goes with swimming, so look at `delta_r_squared` of `motion`.

    References
    ----------
    Thunder's `LinearRegression` (betas and R² only); numbers as `statsmodels.OLS`, `statsmodels.GLS` and its
    `cov_type="HAC"`. Prewhitening with rounded ρ as in nilearn. Newey & West 1987, Econometrica 55:703; Kiefer &
    Vogelsang 2005, Econometric Theory 21:1130. Largest statistic: Nichols & Holmes 2002, Hum. Brain Mapp. 15:1.
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Regression"
    summary: ClassVar[str] = "Fit each voxel by events, signals or a design table: weights, t, p and R²"

    contrasts: tuple[str, ...] = parameter(
        (), help="Comparisons of weights, with commas: left - right, swim; with semicolons several at once by F"
    )
    inference: str = parameter(OLS, help="What p assumes of noise", choices=INFERENCES)
    noise_memory: float | None = parameter(
        None, help="With hac, time after which noise is forgotten; none: by indicator and length", unit="s", minimum=0
    )
    n_shifts: int = parameter(1000, help="How many circular shifts", minimum=19)
    min_shift: float | None = parameter(None, help="Least circular shift, either way", unit="s", minimum=0)
    family_wise: bool = parameter(True, help="With shifts, also p for the whole brain; takes as long again")
    seed: int = parameter(0, help="Of the choice of shifts", minimum=0)
    cluster_p: float | None = parameter(
        None, help="Give sizes of clusters of voxels whose p is at most this", minimum=0, maximum=1
    )
    cluster_reach: float = parameter(
        0.0, help="Distance of neighbours in a cluster; 0 for voxels that share a face", unit="µm", minimum=0
    )
    cluster_size: float = parameter(0.0, help="Leave out smaller clusters", unit="µm³", minimum=0)
    intercept: bool = parameter(True, help="Fit a constant beside the regressors")
    standardize: bool = parameter(False, help="Scale regressors to sd 1, so that their weights compare")
    unique: bool = parameter(False, help="Also map partial R², and what each group explains that no other does")
    z: bool = parameter(False, help="Also map z", title="z")
    cross_validate: bool = parameter(False, help="Also map R² of frames left out")
    n_folds: int = folds_in_turn()
    gap: float | None = gap_beside_folds()

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to know before it runs."""
        return WARNINGS[self.inference]

    def plan(self, context: Context) -> MapStep | Generator[Reduce, Answer, MapStep]:
        """One pass over the brain; two for the largest statistics of shifts."""
        context.need_frames(2, self.title)
        where = f"{context.name}: {self.title}"
        recipe = recipe_of(self)
        assert recipe is not None
        design = recipe.made(context, self.title)
        design.check(where)
        contrasts = parse_contrasts(self.contrasts, design.names, design.groups, where)
        asked = asked_of(design, contrasts, self.unique)
        making = Making(self, design, contrasts, self._facts(design), self._judge(design, recipe, context), context)
        if self.inference == CIRCULAR_SHIFT:
            return self._shifted(making, recipe, asked)
        if self.inference == HAC:
            memory = noise_memory(self.noise_memory, recipe.kernel, context, self.title)
            making.facts["noise_memory_frames"] = memory
            return making.step(robust(design, asked, memory, where))
        return making.step(fit_of(self.inference, design, asked))

    def _shifted(self, making: Making, recipe: Recipe, asked: Asked) -> Generator[Reduce, Answer, MapStep]:
        shifting = Shifting(self.n_shifts, self.min_shift, self.seed, self.family_wise)
        designs = shifts_of(making.design, asked, shifting, recipe.kernel, making.context, self.title)
        making.facts["warnings"] += warnings_of_shifts(designs)
        making.facts["n_shifts"] = len(designs.lags)

        n_above = 0 if self.cluster_p is None else int(self.cluster_p * (1 + len(designs.lags)) + 1e-6)
        if self.cluster_p is not None and n_above == 0:
            making.facts["warnings"].append(least_p_of_clusters(self.cluster_p, len(designs.lags)))

        def steps() -> Generator[Reduce, Answer, MapStep]:
            fit = yield from shifted_fit(making.design, asked, designs, self.family_wise, n_above)
            return making.step(fit)

        return steps()

    def _judge(self, design: Design, recipe: Recipe, context: Context) -> Penalised | None:
        if not self.cross_validate:
            return None
        gap = gap_between(self.gap, recipe.kernel, context, self.title)
        n_columns = len(design.names) + int(design.intercept)
        where = f"{context.name}: {self.title}"
        folds = blocked_folds(np.flatnonzero(context.keep), self.n_folds, gap, n_columns, where)
        return penalised(design, np.zeros((len(design.names),) * 2), np.zeros(1), folds)

    def _facts(self, design: Design) -> dict[str, Any]:
        condition = design.condition_number
        warnings = warnings_of(design, design.variance_inflation, condition)
        warnings += WARNINGS[self.inference]
        return {"dof": design.dof, "condition_number": condition, "warnings": warnings}
