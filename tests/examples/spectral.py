"""By frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from napari_thunder.analysis.spectral.fourier import BandPower, Fourier
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {"band_power": {}, "fourier": {}}
LEAST_FRAMES = {"band_power": 4, "fourier": 6}

_RATE, _FRAMES, _CYCLES = 4.0, 240, 12
_A9 = np.array([1, 2, -4, 5, 8, 3, 4.1, 0.9, 2.3])


def _walks() -> NDArray[np.float64]:
    rng = np.random.default_rng(8)
    beat = np.sin(2 * np.pi * _CYCLES * np.arange(_FRAMES)[:, None] / _FRAMES - rng.uniform(0, 6, 30))
    return 100 + rng.normal(size=(_FRAMES, 30)).cumsum(axis=0) + 3 * beat


def _fourier(what: str) -> float:
    context = make_context(_FRAMES, frame_times=np.arange(_FRAMES) / _RATE)
    found = compute(Fourier(frequency=_CYCLES * _RATE / _FRAMES), context, _walks())[what]
    spectrum = np.fft.rfft(_walks() - _walks().mean(axis=0), axis=0)
    size = np.abs(spectrum)
    if what == "phase":
        turned = (found + np.degrees(np.angle(spectrum[_CYCLES])) + 90 + 180) % 360 - 180
        return float(np.abs(turned).max() / 360)
    wanted = {
        "amplitude": 2 * size[_CYCLES] / _FRAMES,
        "coherence": size[_CYCLES] / np.sqrt((size[1 : _FRAMES // 2] ** 2).sum(axis=0)),
    }[what]
    return float(np.abs(found / wanted - 1).max())


def _thunder() -> float:
    found = compute(Fourier(frequency=2 / 9), make_context(9, frame_times=np.arange(9.0)), _A9[:, None])
    return max(
        abs(float(found["coherence"][0]) / 0.578665 - 1), abs(float(np.radians(found["phase"][0])) / 4.102501 - 1)
    )


def _band_power() -> float:
    context = make_context(_FRAMES, frame_times=np.arange(_FRAMES) / _RATE)
    found = compute(BandPower(low=0.1, high=0.5), context, _walks())["power"]
    frequency, density = signal.periodogram(_walks(), fs=_RATE, axis=0, detrend="constant")
    inside = (frequency > 0.1 - 1e-9) & (frequency < 0.5 + 1e-9)
    return float(np.abs(found / (density[inside].sum(axis=0) * frequency[1]) - 1).max())


def _welch() -> float:
    """Against Welch's estimate in one stretch without a window, which is the periodogram."""
    context = make_context(_FRAMES, frame_times=np.arange(_FRAMES) / _RATE)
    found = compute(BandPower(low=0.2, high=1.0), context, _walks())["share"]
    frequency, power = signal.welch(_walks(), _RATE, "boxcar", _FRAMES, axis=0, detrend="constant", scaling="spectrum")
    inside = (frequency > 0.2 - 1e-9) & (frequency < 1.0 + 1e-9)
    return float(np.abs(found / (power[inside].sum(axis=0) / power[1:].sum(axis=0)) - 1).max())


CASES = [
    Case("fourier", "numpy.fft.rfft", "amplitude, 30 walks with a beat", lambda: _fourier("amplitude")),
    Case("fourier", "numpy.fft.rfft", "coherence, 30 walks with a beat", lambda: _fourier("coherence")),
    Case("fourier", "numpy.fft.rfft", "phase, 30 walks with a beat", lambda: _fourier("phase")),
    Case("fourier", "Thunder's known answer 10", "coherence and phase of 9 numbers", _thunder, 1e-6),
    Case("band_power", "scipy.signal.periodogram", "power, 30 walks with a beat", _band_power),
    Case("band_power", "scipy.signal.welch, one stretch", "share, 30 walks with a beat", _welch),
]
