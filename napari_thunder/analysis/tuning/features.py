"""Tuning to behaviour that varies continuously: means over bins of one signal, or two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_thunder.analysis.protocol import Context, Map, MapStep, Role
from napari_thunder.analysis.statistics import with_adjusted_p
from napari_thunder.analysis.tuning.bin_means import BinMeans, Shifts
from napari_thunder.analysis.tuning.feature_bins import FeatureBins, Values, edges_of, signals_at_frames
from napari_thunder.errors import AnalysisError, ParameterError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_AUTOCORRELATED = (
    "p counts frames as independent, which neither calcium signals nor behaviour are: it is too small. Use it to rank "
    "voxels, or p by circular shifts (n_shifts)."
)
_EQUAL_COUNT = "equal count"


@dataclass(frozen=True, slots=True)
class FeatureTuning:
    """Tuning of each voxel to one behaviour signal, or to two together: its mean in bins of them.

    tuning_b = Σ_τ x_τ 1[f_τ in b] / occupancy_b: the mean over the frames in which the signal f lies in bin b, so that
    values that were taken often do not count more. Bins with fewer frames than `least_frames` are NaN and take no part
    in what follows. F is that of a one-way analysis of variance over bins.

    Parameters
    ----------
    signals
        One behaviour signal, or two, sampled at the start of each frame; none: the only one there is.
    n_bins
        Bins of each signal.
    binning
        `equal width`: from the least to the largest value (or `low` to `high`). `equal count`: between quantiles; where
        a value is so frequent that quantiles coincide, there are fewer bins.
    low, high
        Limits of the (first) signal; frames outside are in no bin. None: the least and the largest value.
    delay
        In s: a frame is paired with the signal so much earlier. Frames without one are in no bin.
    least_frames
        A bin with fewer frames is NaN.
    n_shifts
        Circular shifts of the signal against the series for `p_shift`; 0 for none. It takes about as long as twenty
        runs without, for any number of shifts.
    least_shift
        In s: shifts closer to none than this are not used; well above the indicator's decay.
    seed
        Of the choice of shifts, the same for all voxels.

    Returns
    -------
    tuning : (bin, z, y, x), or (bin, bin_2, z, y, x)
        In units of the movie (after preprocessing); coordinates are the middles of the bins.
    preferred : (signal, z, y, x)
        Middle of the bin where the mean is largest.
    f_statistic, p, p_fdr : (z, y, x)
        Of the differences between bins; adjusted for all voxels by Benjamini & Hochberg.
    p_shift : (z, y, x)
        If `n_shifts`: (1 + number of shifts with an F as large) / (1 + shifts): holds for autocorrelated series.
    r_squared : (z, y, x)
        Share of the variance over frames that lies between bins (η²).
    occupancy : (bin,), or (bin, bin_2)
        Frames. Beside it `edges` and the mean tuning of all voxels, `mean_tuning` (bin,).

    Raises
    ------
    MissingMetadataError
        If there are no signals.
    AnalysisError
        If there is no such signal, or fewer than two bins have enough frames.

    Notes
    -----
    p counts frames as independent; `warnings` says so. η² grows with the number of bins also without any tuning. A
    signal that goes with another one (speed with time in the recording) cannot be told from it: use Regression.

    References
    ----------
    pynapple `compute_tuning_curves` (means and occupancy); `scipy.stats.binned_statistic`, `f_oneway`.
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Feature tuning"
    summary: ClassVar[str] = "Mean of each voxel in bins of a behaviour signal, or of two"

    signals: tuple[str, ...] = parameter((), help="One or two behaviour signals", source="signals")
    n_bins: int = parameter(10, help="Bins of each signal", minimum=2, maximum=1000)
    binning: str = parameter("equal width", help="Bins of equal width or count", choices=("equal width", _EQUAL_COUNT))
    low: float | None = parameter(None, help="Least value of the first signal that counts", fine=True)
    high: float | None = parameter(None, help="Largest value of the first signal that counts", fine=True)
    delay: float = parameter(0.0, help="By how much voxels follow the signal", unit="s")
    least_frames: int = parameter(5, help="Frames a bin must have", minimum=1, fine=True)
    n_shifts: int = parameter(0, help="Circular shifts for a p that holds for slow signals; 0 for none", minimum=0)
    least_shift: float = parameter(20.0, help="Shortest of these shifts", unit="s", minimum=0, fine=True)
    seed: int = parameter(0, help="Of the choice of shifts", minimum=0, fine=True)

    def __post_init__(self) -> None:
        check(self)
        if len(self.signals) > 2 or len(set(self.signals)) < len(self.signals):
            raise ParameterError(f"FeatureTuning: signals={','.join(self.signals)}: give one signal, or two others.")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ParameterError(f"FeatureTuning: low={self.low:g} must be below high={self.high:g}.")

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(3, self.title)
        names, features = self._features(context)
        bins = FeatureBins.of(features, self._edges(features, names, context), self.least_frames)
        used = bins.used
        if len(used) < 2:
            raise AnalysisError(
                f"{context.name}: {self.title}: {len(used)} of {len(bins.occupancy)} bins of {' and '.join(names)} "
                f"have {self.least_frames} frames or more; two at least are needed. Change low, high, n_bins, binning "
                "or least_frames."
            )
        if bins.occupancy[used].sum() <= len(used):
            raise AnalysisError(f"{context.name}: {self.title}: there is one frame in each bin. Use fewer bins.")
        shifts = self._shifts(context) if self.n_shifts else None
        places = np.stack(np.meshgrid(*bins.middles, indexing="ij")).reshape(len(names), -1)[:, used]
        compute = BinMeans(bins.indicator, used, bins.shape, places, shifts)
        return MapStep(self._maps(), compute, *self._beside(bins, names), partial(_finish, shifts=shifts))

    def _features(self, context: Context) -> tuple[list[str], Values]:
        """Names of the signals, and their values (t, signals) for the kept frames; NaN where there is none."""
        table = signals_at_frames(context, self.signals, self.title)
        values = table.to_numpy(np.float64)
        if self.delay:
            times = context.need_frame_times(f"{self.title} with a delay")
            wanted = times - self.delay
            values = np.stack([np.interp(wanted, times, v, left=np.nan, right=np.nan) for v in values.T], axis=1)
        return list(map(str, table.columns)), values[context.keep]

    def _edges(self, features: Values, names: list[str], context: Context) -> list[Values]:
        found = []
        for k, (name, values) in enumerate(zip(names, features.T, strict=True)):
            known = values[np.isfinite(values)]
            limits = (self.low, self.high) if k == 0 else (None, None)
            edges = edges_of(known, self.n_bins, self.binning == _EQUAL_COUNT, *limits) if len(known) else known
            if len(edges) < 2 or edges[0] >= edges[-1]:
                raise AnalysisError(
                    f"{context.name}: {self.title}: {name!r} has no values that differ in the kept frames (between low "
                    "and high), so there are no bins. If one value is most frequent, use binning='equal width'."
                )
            found.append(edges)
        return found

    def _shifts(self, context: Context) -> Shifts:
        times = context.need_frame_times(f"{self.title} with circular shifts")
        interval, n = float(np.median(np.diff(times))), context.n_kept
        least = max(1, int(np.ceil(self.least_shift / interval)))
        allowed = np.arange(least, n - least + 1)
        if not len(allowed):
            raise AnalysisError(
                f"{context.name}: {self.title}: no circular shift of {n} frames is {self.least_shift:g} s or more "
                "either way. Give a shorter least_shift."
            )
        rng = np.random.default_rng(self.seed)
        return Shifts(np.sort(rng.choice(allowed, min(self.n_shifts, len(allowed)), replace=False)), n)

    def _maps(self) -> tuple[Map, ...]:
        dims = ("bin", "bin_2")[: max(1, len(self.signals))]
        maps = (
            Map("tuning", "mean in each bin", Role.SIGNED, "a.u.", dims),
            Map("preferred", "value of the signal at the largest mean", Role.VALUE, "a.u.", ("signal",)),
            Map("f_statistic", "F of the differences between bins", Role.VALUE),
            Map("p", "p of the differences between bins", Role.PROBABILITY),
            Map("r_squared", "share of variance between bins", Role.FRACTION),
        )
        shifted = Map("p_shift", "p by circular shifts", Role.PROBABILITY)
        return (*maps, shifted) if self.n_shifts else maps

    def _beside(self, bins: FeatureBins, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        dims = ("bin", "bin_2")[: len(names)]
        coords: dict[str, Any] = {"signal": names} | dict(zip(dims, bins.middles, strict=True))
        about = {"long_name": "frames in each bin", "plot": "bars" if len(names) == 1 else "matrix", "scale": "plain"}
        curves: dict[str, Any] = {"occupancy": (dims, bins.occupancy.reshape(bins.shape), about)}
        for name, dim, edges in zip(names, dims, bins.edges, strict=True):
            curves[f"edges_of_{dim}"] = ((f"edge_of_{dim}",), edges, {"long_name": f"edges of the bins of {name}"})
        return coords, curves


def _finish(dataset: xr.Dataset, shifts: Shifts | None) -> xr.Dataset:
    dataset = with_adjusted_p(dataset)
    for dim, name in zip(("bin", "bin_2"), dataset["signal"].values, strict=False):
        dataset[dim].attrs["long_name"] = str(name)
    if "bin_2" not in dataset.dims:
        about = {"long_name": "mean tuning of all voxels", "units": "a.u.", "plot": "lines"}
        dataset["mean_tuning"] = dataset["tuning"].mean(("z", "y", "x")).assign_attrs(about)
    dataset.attrs["warnings"] = [_AUTOCORRELATED]
    return dataset.assign_attrs(n_shifts=len(shifts.shifts)) if shifts else dataset
