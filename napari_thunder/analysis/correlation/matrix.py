"""Which regions are active together."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.correlation.pearson import Values, neighbours, p_of, persistence, to_unit
from napari_thunder.analysis.groups import DrawnGroups
from napari_thunder.analysis.protocol import Answer, Context, Map, Means, PaintStep, Role
from napari_thunder.analysis.statistics import adjust_p
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

LIKENESS = "likeness"
GIVEN = "as drawn"

_PAIR = ("region", "other")


@dataclass(frozen=True, slots=True)
class CorrelationMatrix:
    """Pearson's r of the mean series of every two regions.

    Parameters
    ----------
    partial
        Of each two regions, what all the others explain is taken out first: what is left is between these two.
    order
        By `likeness`, neighbours being alike (average linkage on 1 − r, leaves in the best order), or `as drawn`.

    Returns
    -------
    r : (region, other)
        Σ x y / √(Σ x² Σ y²) of the centred means over the voxels of each region, over the kept frames. Partial:
        −P_ij / √(P_ii P_jj), P the inverse of the covariance matrix.
    p, p_fdr : (region, other)
        Two-sided, t = r √(ν / (1 − r²)), ν = n_eff − 2, with Bartlett's effective number of frames
        n_eff = n (1 − a b) / (1 + a b), a and b the autocorrelations of the two one frame apart, n the frames (less
        the other regions, if partial); p_fdr adjusted for the pairs by Benjamini & Hochberg. NaN on the diagonal.
    mean_series : (frame, region)
        What was correlated, in units of the movie (after preprocessing).
    n_voxels : (region,)
        Finite voxels of each.
    row : (z, y, x)
        The place of a voxel's region in the matrix, from 1.

    Raises
    ------
    ThunderError
        If there are fewer than two regions; for partial correlation, if there are too few frames.

    Notes
    -----
    Regions that are constant or have no finite voxel are NaN. Whatever all share, such as neuropil, motion and drift,
    correlates everything: remove the global signal, or look at partial correlation.

    References
    ----------
    `numpy.corrcoef`; Bartlett 1935, J. R. Stat. Soc. 98:536; Whittaker 1990, Graphical Models (partial correlation).
    """

    family: ClassVar[str] = "Correlation"
    title: ClassVar[str] = "Correlation matrix"
    summary: ClassVar[str] = "Which regions are active together"

    partial: bool = parameter(False, help="Take out of each pair what all other regions explain")
    order: str = parameter(LIKENESS, help="What comes beside what", choices=(LIKENESS, GIVEN))

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Means, Answer, PaintStep]:
        """One pass for the means of the regions."""
        context.need_frames(3, self.title)
        context.need_regions(self.title, 2)
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Means, Answer, PaintStep]:
        groups = DrawnGroups.of(context.regions)
        means = yield Means(groups)
        series: Values = means["series"]
        plain = to_unit(series)
        usable = np.flatnonzero(np.isfinite(plain).all(axis=0))
        if self.partial:
            self._check_frames(len(usable), context)
        r, p = self._correlated(plain[:, usable], len(usable), context)
        order = np.concatenate([usable[likely_order(r)], np.setdiff1d(np.arange(groups.n_groups), usable)])
        order = np.arange(groups.n_groups) if self.order == GIVEN else order.astype(np.intp)
        matrices = {"r": _among_all(r, usable, order), "p": _among_all(p, usable, order)}
        row = np.empty(groups.n_groups)
        row[order] = np.arange(1.0, groups.n_groups + 1)
        names = [groups.names[i] for i in order]
        curves = _curves(matrices, series[:, order], means["n_voxels"][order], self.partial)
        return PaintStep(
            groups,
            {"row": row},
            (Map("row", "row of the matrix", Role.VALUE),),
            {"region": names, "other": names},
            curves,
            functools.partial(_with_warnings, lost=tuple(groups.names[i] for i in np.setdiff1d(order, usable))),
        )

    def _correlated(self, unit: Values, n_regions: int, context: Context) -> tuple[Values, Values]:
        """r and p (n, n) of unit series (t, n)."""
        spent = 0
        r = np.clip(unit.T @ unit, -1, 1)
        if self.partial:
            precision = np.linalg.pinv(unit.T @ unit, hermitian=True)
            size = np.sqrt(np.diag(precision))
            r = np.clip(-precision / np.outer(size, size), -1, 1)
            spent = n_regions - 2
        lasting = persistence(unit, neighbours(np.flatnonzero(context.keep), 1))
        alike = np.outer(lasting, lasting)
        p = p_of(r, (len(unit) - spent) * (1 - alike) / (1 + alike))
        np.fill_diagonal(r, 1)
        np.fill_diagonal(p, np.nan)
        return r, p

    def _check_frames(self, n_regions: int, context: Context) -> None:
        if context.n_kept < n_regions + 2:
            raise AnalysisError(
                f"{context.name}: {self.title}: partial correlation of {n_regions} regions needs at least "
                f"{n_regions + 2} frames, but there are {context.n_kept}. Take fewer regions, or plain correlation."
            )


def likely_order(r: Values) -> NDArray[np.intp]:
    """An order (n,) of a correlation matrix (n, n) in which neighbours are alike."""
    if len(r) < 3:
        return np.arange(len(r))
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    apart = squareform(np.clip(1 - (r + r.T) / 2, 0, 2), checks=False)
    return np.asarray(leaves_list(optimal_leaf_ordering(linkage(apart, "average"), apart)), np.intp)


def _among_all(values: Values, usable: NDArray[np.intp], order: NDArray[np.intp]) -> Values:
    """Values (n, n) of the usable regions among all, in order; NaN of the others."""
    whole = np.full((len(order), len(order)), np.nan)
    whole[np.ix_(usable, usable)] = values
    return np.asarray(whole[np.ix_(order, order)])


def _curves(
    matrices: dict[str, Values], series: Values, n_voxels: NDArray[np.intp], partialled: bool
) -> dict[str, Any]:
    tied = {"voxels_by": "row", "units": "1"}
    what = "partial correlation" if partialled else "correlation"
    upper = np.triu_indices(len(n_voxels), 1)
    adjusted = np.full_like(matrices["p"], np.nan)
    adjusted[upper] = adjust_p(matrices["p"][upper])
    adjusted.T[upper] = adjusted[upper]
    lines = {"long_name": "mean series", "plot": "lines", "units": "a.u.", "voxels_by": "row"}
    return {
        "r": (_PAIR, matrices["r"], {"long_name": what, "plot": "matrix", "scale": "signed"} | tied),
        "p": (_PAIR, matrices["p"], {"long_name": f"p of the {what}, two-sided"} | tied),
        "p_fdr": (_PAIR, adjusted, {"long_name": f"p of the {what}, adjusted for all pairs"} | tied),
        "mean_series": (("frame", "region"), series, lines),
        "n_voxels": (("region",), n_voxels, {"long_name": "voxels of the region", "units": "1"}),
    }


def _with_warnings(dataset: xr.Dataset, lost: tuple[str, ...]) -> xr.Dataset:
    if not lost:
        return dataset
    text = f"Constant, or without a finite voxel, so that nothing can be said of them: {', '.join(lost)}."
    return dataset.assign_attrs(warnings=[text])
