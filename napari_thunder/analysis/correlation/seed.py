"""What goes with the activity of a region."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_thunder.analysis.correlation.pearson import Values, neighbours, p_of, to_unit
from napari_thunder.analysis.correlation.signals import Correlate, CorrelateLagged, lags_of
from napari_thunder.analysis.groups import DrawnGroups, add
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Means, Reduce, Request, Role, Series
from napari_thunder.analysis.statistics import centre, with_adjusted_p
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter
from napari_thunder.regions import Region

if TYPE_CHECKING:
    import xarray as xr

_AT_ONCE = (
    Map("r", "correlation with the seed", Role.SIGNED),
    Map("z_score", "Fisher's z of the correlation, in its standard errors", Role.SIGNED),
    Map("p", "p of the correlation, two-sided", Role.PROBABILITY),
)
_LAGGED = (
    Map("r_best", "correlation with the seed at the best lag", Role.SIGNED),
    Map("best_lag", "lag after the seed of the largest correlation, whatever its sign", Role.SIGNED, "s"),
)
_WITHOUT_ITSELF = "r_without_itself"
_BINS = 50
_NEARLY_ONE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class SeedCorrelation:
    """Pearson's r of each voxel with the mean series of a region.

    Parameters
    ----------
    seed
        Name of the region; None: the first.
    spare
        In µm (in voxels if their size is not known): voxels as near as this to the seed are left out, as its light
        spreads to them.
    inside
        Voxels of the seed, which are part of its mean, are `left out`, or r of each is that with the `others`' mean.
    without_global
        Take the mean over all voxels out of voxels and seed first (partial correlation).
    max_lag
        In s: correlate also at every lag of whole frames up to this, either way. At a positive lag the voxel follows
        the seed. 0: at once only.

    Returns
    -------
    r : (z, y, x)
        Σ x y / √(Σ x² Σ y²) of the centred series over the kept frames.
    z_score : (z, y, x)
        atanh(r) √(n_eff − 3): Fisher's z in its standard errors.
    p, p_fdr : (z, y, x)
        As of `Correlation`: two-sided, with Bartlett's effective number of frames; adjusted for the voxels that are
        not left out.
    r_best, best_lag : (z, y, x)
        With `max_lag`: r where it is largest, whatever its sign, over the frames that are paired, and that lag in s.
    seed_series : (frame, region)
        The mean of the seed, in units of the movie (after preprocessing).
    share_of_voxels : (r_bin,)
        How r is spread; where most voxels correlate, something that all share does it.
    Attributes `seed` and `warnings`.

    Raises
    ------
    ThunderError
        If there is no such region, or it does not vary.

    Notes
    -----
    Neuropil, motion and drift correlate everything: a histogram that is not around 0 says so. Then detrend, remove
    nuisance signals, or the global signal (which makes r lower everywhere, and can make some below 0).

    References
    ----------
    `numpy.corrcoef`; Bartlett 1935, J. R. Stat. Soc. 98:536; Fisher 1921, Metron 1:3.
    """

    family: ClassVar[str] = "Correlation"
    title: ClassVar[str] = "Seed correlation"
    summary: ClassVar[str] = "What goes with the activity of a region, at once and with a lag"

    seed: str | None = parameter(None, help="Region whose activity is the seed; none: the first", source="regions")
    spare: float = parameter(10.0, help="Leave out voxels as near as this to the seed", unit="µm", minimum=0)
    inside: str = parameter("left out", help="Voxels of the seed itself", choices=("left out", "others"))
    without_global: bool = parameter(False, help="Take out what the whole brain has in common first")
    max_lag: float = parameter(0.0, help="Correlate at lags up to this, either way; 0 for none", unit="s", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Request, Answer, MapStep]:
        """A pass for the mean of the seed (and one for that of the brain, if asked), and one for the maps."""
        context.need_frames(4, self.title)
        return self._steps(self._region(context), context)

    def _region(self, context: Context) -> Region:
        regions = context.need_regions(self.title)
        found = [region for region in regions if self.seed in (None, region.name)]
        if not found:
            raise AnalysisError(
                f"{context.name}: {self.title}: there is no region {self.seed!r}. "
                f"There is: {', '.join(repr(region.name) for region in regions)}."
            )
        return found[0]

    def _steps(self, region: Region, context: Context) -> Generator[Request, Answer, MapStep]:
        means = yield Means(DrawnGroups.of((region,)))
        shared: Values | None = None
        if self.without_global:
            summed = yield Reduce(_total, add, "averaging the brain")
            shared = to_unit((summed["total"] / np.maximum(summed["count"], 1))[:, None])[:, 0]
        seed = _without(means["series"].copy(), shared)
        if not np.isfinite(to_unit(seed)).all():
            raise AnalysisError(
                f"{context.name}: {self.title}: the mean of region {region.name!r} does not vary (after "
                "preprocessing), or none of its voxels is finite in all frames. Choose another region."
            )
        kept = np.flatnonzero(context.keep)
        at_once = Correlate(seed, neighbours(kept, 1))
        lagged = None
        if self.max_lag:
            interval, lags = lags_of(self.max_lag, context, self.title)
            lagged = CorrelateLagged(at_once, tuple(neighbours(kept, lag) for lag in lags), lags, interval, True)
        others = self.inside == "others"
        work = FromSeed(at_once, lagged, shared, int(means["n_voxels"][0]) if others else 0)
        outputs = _AT_ONCE + (_LAGGED if self.max_lag else ())
        outputs += (Map(_WITHOUT_ITSELF, "correlation without itself", Role.SIGNED),) if others else ()
        about = {"long_name": f"mean of {region.name}", "units": "a.u.", "plot": "lines"}
        curves = {"seed_series": (("frame", "region"), means["series"], about)}
        finish = partial(_finished, near=Near(region, self.spare, context.voxel_size or (1.0, 1.0, 1.0)))
        return MapStep(outputs, work, {"region": [region.name]}, curves, finish)


@dataclass(frozen=True, slots=True, eq=False)
class FromSeed:
    """What `SeedCorrelation` computes of series (t, voxels).

    Parameters
    ----------
    at_once, lagged
        Of the seed as the one regressor.
    shared
        (t,) of unit length, to be taken out; None for nothing.
    n_inside
        Voxels of the seed, for its mean without a voxel; 0 to do without.
    """

    at_once: Correlate
    lagged: CorrelateLagged | None
    shared: Values | None
    n_inside: int

    def __call__(self, series: Series) -> Answer:
        """Each (voxels,)."""
        series = _without(series, self.shared)
        own = np.sqrt(centre(series).sum_squares) if self.n_inside else None
        (r,), (effective,) = self.at_once.of(series)
        with np.errstate(all="ignore"):
            z = np.arctanh(np.clip(r, -_NEARLY_ONE, _NEARLY_ONE)) * np.sqrt(np.maximum(effective - 3, 1))
        answer = {"r": r, "z_score": z, "p": p_of(r, effective)}
        if self.lagged is not None:
            found = self.lagged.at_lags(series)
            answer |= {name: found[name][0] for name in ("r_best", "best_lag")}
        if own is not None:
            answer[_WITHOUT_ITSELF] = self._without_itself(answer["r"], own)
        return answer

    def _without_itself(self, r: Values, own: Values) -> Values:
        """r with the mean of the other voxels: (n m − y), n m the sum over all, in place of m."""
        seed = self.at_once.regressors
        total = self.n_inside * float(np.linalg.norm(seed - seed.mean(axis=0)))
        with np.errstate(all="ignore"):
            others = np.sqrt(total**2 - 2 * total * own * r + own**2)
            return np.asarray(np.where(others > 1e-6 * total, (total * r - own) / others, np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Voxels of a region, and those as near to it as `spare` µm, given the size of a voxel (z, y, x)."""

    region: Region
    spare: float
    size: tuple[float, float, float]

    def masks(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(z, y, x) of the volume: inside, and beside it."""
        inside = np.zeros(self.region.volume, bool)
        inside[self.region.box] = self.region.mask
        reach = [int(self.spare / step) + 1 for step in self.size]
        box = tuple(slice(max(0, s.start - r), s.stop + r) for s, r in zip(self.region.box, reach, strict=True))
        beside = np.zeros_like(inside)
        beside[box] = ndimage.distance_transform_edt(~inside[box], sampling=self.size) <= self.spare
        return inside, beside & ~inside


def _total(series: Series) -> Answer:
    finite = np.isfinite(series).all(axis=0)
    series[:, ~finite] = 0
    return {"total": series.sum(axis=1), "count": np.array(float(finite.sum()))}


def _without(series: Values, shared: Values | None) -> Values:
    """Series (t, voxels) without what a unit series (t,) explains of them."""
    if shared is None:
        return series
    flat = ~centre(series).valid
    series -= np.outer(shared, shared @ series)
    series[:, flat] = 0
    return series


def _finished(dataset: xr.Dataset, near: Near) -> xr.Dataset:
    """Without voxels that are left out; with adjusted p and how r is spread."""
    inside, beside = near.masks()
    itself = dataset.get(_WITHOUT_ITSELF)
    for name in (m.name for m in (*_AT_ONCE, *_LAGGED) if m.name in dataset):
        values = dataset[name].values
        values[beside | inside] = np.nan
        if name == "r" and itself is not None:
            values[inside] = itself.values[inside]
    dataset = with_adjusted_p(dataset.drop_vars(_WITHOUT_ITSELF, errors="ignore"))
    r = dataset["r"].values[~inside]
    counts, edges = np.histogram(r[np.isfinite(r)], _BINS, (-1, 1))
    about = {"long_name": "share of voxels", "units": "1", "plot": "lines"}
    share = counts / max(1, counts.sum())
    dataset = dataset.assign_coords(r_bin=(edges[:-1] + edges[1:]) / 2).assign(share_of_voxels=("r_bin", share, about))
    middle = float(np.median(r[np.isfinite(r)])) if counts.sum() else 0.0
    return dataset.assign_attrs(seed=near.region.name, warnings=_of_spread(middle))


def _of_spread(middle: float) -> list[str]:
    if abs(middle) < 0.2:
        return []
    text = (
        f"Half of all voxels correlate by {middle:.2f} or more with the seed: something that the whole brain shares "
        "does it, such as neuropil, motion or drift. Detrend, or correlate without the global signal."
    )
    return [text]
