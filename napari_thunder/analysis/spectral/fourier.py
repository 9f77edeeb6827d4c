"""What a voxel does at a frequency, and how much of its variance lies in a band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from napari_thunder.analysis.even import Filled, even_interval
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, upper_p, with_adjusted_p
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_AT_A_FREQUENCY = (
    Map("phase", "delay of the response within a cycle", Role.DIRECTION, "deg"),
    Map("coherence", "coherence with the frequency", Role.FRACTION),
    Map("amplitude", "amplitude at the frequency", Role.VALUE, "a.u."),
    Map("snr", "power at the frequency over that of its neighbours", Role.VALUE),
    Map("p", "p of the power against its neighbours", Role.PROBABILITY),
)
_IN_A_BAND = (
    Map("share", "share of the variance in the band", Role.FRACTION),
    Map("power", "variance in the band", Role.VALUE, "a.u.²"),
)
_NEIGHBOURS = 5
_SPARED = 1
_OFF_THE_BIN = 0.1
"""Cycles beside a whole number that leak little."""


@dataclass(frozen=True, slots=True)
class Fourier:
    """Amplitude, phase and coherence of each voxel at one frequency, as for a stimulus that repeats evenly.

    Parameters
    ----------
    frequency
        In Hz. The nearest one with a whole number of cycles in the recording is taken. None: that of the events, one
        over the median time from start to start.

    Returns
    -------
    phase : (z, y, x)
        In degrees from 0 to 360: y behaves as sin(2π f (τ − τ₀) − phase), τ₀ the first frame.
    coherence : (z, y, x)
        |X(f)| / √Σ |X(k)|² over the frequencies with 1 to ⌊T/2⌋ − 1 cycles in the recording, as in Thunder.
    amplitude : (z, y, x)
        2 |X(f)| / T, in units of the movie (after preprocessing).
    snr, p, p_fdr : (z, y, x)
        |X(f)|² over the mean of up to 5 frequencies on either side (the next one spared), and the chance of one so
        large, F with 2 and 2·neighbours degrees of freedom: noise that is strong at slow frequencies does not pass for
        an answer. p_fdr is adjusted for all voxels.
    Attributes `frequency` (Hz), `cycles` and `warnings`.

    Raises
    ------
    ThunderError
        If frame times are not known or uneven, or the frequency is not below half the frame rate.

    Notes
    -----
    Excluded frames are filled in by straight lines. Constant voxels are NaN. An indicator delays and damps: phases of
    fast and slow indicators differ.

    References
    ----------
    Thunder `Series.fourier`; F against neighbours: Victor & Mast 1991, EEG Clin. Neurophysiol. 78:378 discuss it.
    """

    family: ClassVar[str] = "Spectral"
    title: ClassVar[str] = "Fourier"
    summary: ClassVar[str] = "Amplitude, phase and coherence at the frequency of a stimulus that repeats evenly"

    frequency: float | None = parameter(
        None, help="Frequency of the stimulus; left out: how often the events begin", unit="Hz", minimum=1e-9
    )

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(6, self.title)
        interval = even_interval(context, self.title)
        step = 1 / (interval * context.n_frames)
        wanted = self._wanted(context) / step
        cycles = round(wanted)
        if not 1 <= cycles < context.n_frames // 2:
            raise AnalysisError(
                f"{context.name}: {self.title}: a frequency of {wanted * step:.4g} Hz is outside what "
                f"{context.n_frames} frames of {interval:.4g} s hold: {step:.4g} Hz to below {0.5 / interval:.4g} Hz."
            )
        facts = {
            "frequency": cycles * step,
            "cycles": cycles,
            "warnings": _leaks(wanted, cycles),
        }
        work = AtFrequency(Filled.of(context.keep), cycles)
        return MapStep(_AT_A_FREQUENCY, work, finish=partial(_with_facts, facts=facts))

    def _wanted(self, context: Context) -> float:
        if self.frequency is not None:
            return self.frequency
        starts = np.sort(context.need_events("Fourier without a frequency")["start_time"].to_numpy(np.float64))
        steps = np.diff(starts)
        if not len(steps) or np.median(steps) <= 0:
            raise AnalysisError(
                f"{context.name}: {self.title}: there are too few events to tell how often they begin. Give frequency=."
            )
        return float(1 / np.median(steps))


@dataclass(frozen=True, slots=True)
class BandPower:
    """How much of each voxel's variance lies between two frequencies.

    Parameters
    ----------
    low, high
        The band, low ≤ f ≤ high in Hz; `high` 0 is up to half the frame rate.

    Returns
    -------
    power : (z, y, x)
        Variance (ddof 0) in the band, in squared units of the movie: Σ 2 |X(k)|² / T², half of that at half the frame
        rate.
    share : (z, y, x)
        Of the whole variance.

    Raises
    ------
    ThunderError
        If frame times are not known or uneven, or no frequency of the recording lies in the band.

    Notes
    -----
    Excluded frames are filled in by straight lines. Constant voxels are NaN.

    References
    ----------
    Parseval's theorem; `scipy.signal.periodogram`.
    """

    family: ClassVar[str] = "Spectral"
    title: ClassVar[str] = "Band power"
    summary: ClassVar[str] = "How much of each voxel's variance lies between two frequencies"

    low: float = parameter(0.01, help="Lower end of the band", unit="Hz", minimum=0)
    high: float = parameter(0.0, help="Upper end of the band; 0 for half the frame rate", unit="Hz", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(4, self.title)
        interval = even_interval(context, self.title)
        frequencies = fft.rfftfreq(context.n_frames, interval)
        high = self.high or frequencies[-1]
        slack = 1e-9 * frequencies[-1]
        inside = (frequencies >= self.low - slack) & (frequencies <= high + slack) & (frequencies > 0)
        if not inside.any():
            raise AnalysisError(
                f"{context.name}: {self.title}: there is no frequency from {self.low:g} to {high:g} Hz in this "
                f"recording; it has {frequencies[1]:.3g} to {frequencies[-1]:.3g} Hz in steps of {frequencies[1]:.3g}."
            )
        return MapStep(_IN_A_BAND, InBand(Filled.of(context.keep), np.flatnonzero(inside)))


@dataclass(frozen=True, slots=True)
class AtFrequency:
    """What `Fourier` computes of series (t, voxels), at so many cycles in the recording."""

    fill: Filled
    cycles: int

    def __call__(self, series: Series) -> Answer:
        """phase, coherence, amplitude, snr and p (voxels,)."""
        spectrum, valid = _spectrum(self.fill(series))
        n_frames, last = len(self.fill.low), len(self.fill.low) // 2
        power = np.abs(spectrum[1:last]) ** 2
        at = spectrum[self.cycles]
        beside = self._beside(last)
        with np.errstate(all="ignore"):
            snr = power[self.cycles - 1] / power[beside - 1].mean(axis=0) if len(beside) else np.full(len(at), np.nan)
            maps = {
                "phase": np.degrees(-np.pi / 2 - np.angle(at)) % 360,
                "coherence": np.sqrt(power[self.cycles - 1] / power.sum(axis=0)),
                "amplitude": 2 * np.abs(at) / n_frames,
                "snr": snr,
                "p": upper_p(snr, 2, max(1, 2 * len(beside))),
            }
        for values in maps.values():
            values[~valid] = np.nan
        return maps

    def _beside(self, last: int) -> NDArray[np.intp]:
        """Cycles of the neighbours that tell how strong the noise is here."""
        near = np.arange(
            max(1, self.cycles - _SPARED - _NEIGHBOURS), min(last, self.cycles + _SPARED + _NEIGHBOURS + 1)
        )
        return near[np.abs(near - self.cycles) > _SPARED]


@dataclass(frozen=True, slots=True)
class InBand:
    """What `BandPower` computes of series (t, voxels), at these places of the spectrum."""

    fill: Filled
    places: NDArray[np.intp]

    def __call__(self, series: Series) -> Answer:
        """power and share (voxels,)."""
        n_frames = len(self.fill.low)
        spectrum, valid = _spectrum(self.fill(series))
        power = 2 * np.abs(spectrum) ** 2 / n_frames**2
        power[0] = 0
        if n_frames % 2 == 0:
            power[-1] /= 2
        inside = power[self.places].sum(axis=0)
        with np.errstate(all="ignore"):
            maps = {"share": inside / power.sum(axis=0), "power": inside}
        for values in maps.values():
            values[~valid] = np.nan
        return maps


def _spectrum(series: Series) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    _, _, valid = centre(series)
    series[:, ~valid] = 0
    return fft.rfft(series, axis=0), valid


def _leaks(wanted: float, cycles: int) -> list[str]:
    if abs(wanted - cycles) <= _OFF_THE_BIN:
        return []
    text = (
        f"The recording holds {wanted:.2f} cycles, not a whole number: {cycles} are taken, and some of the answer "
        "leaks into other frequencies. Leave out frames at the end so that the last cycle is whole."
    )
    return [text]


def _with_facts(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    return with_adjusted_p(dataset).assign_attrs(facts)
