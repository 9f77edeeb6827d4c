"""Each voxel by frequency."""

from __future__ import annotations

import numpy as np
from scipy import special

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Values, over_slabs
from tests.benchmarks.task import Task


def fourier(movie: Movie, recording: nt.Recording) -> Maps:
    """Amplitude, coherence, phase and power against its neighbours at the frequency of the events."""
    starts = recording.events["start_time"].to_numpy()
    n = len(movie)
    k = round(n * (recording.frame_times[1] - recording.frame_times[0]) / np.median(np.diff(starts)))
    beside = np.r_[k - 6 : k - 1, k + 2 : k + 7]

    def of(y: Values) -> Maps:
        y -= y.mean(0)
        spectrum = np.fft.rfft(y, axis=0)
        power = np.abs(spectrum) ** 2
        snr = power[k] / power[beside].mean(0)
        return {
            "amplitude": 2 * np.abs(spectrum[k]) / n,
            "coherence": np.sqrt(power[k] / power[1 : n // 2].sum(0)),
            "phase": np.mod(-90 - np.degrees(np.angle(spectrum[k])), 360),
            "snr": snr,
            "p": special.fdtrc(2, 2 * len(beside), snr),
        }

    return over_slabs(movie, of)


def band_power(movie: Movie, recording: nt.Recording) -> Maps:
    """Variance above 0.01 Hz, and its share."""
    n = len(movie)
    frequency = np.fft.rfftfreq(n, recording.frame_times[1] - recording.frame_times[0])

    def of(y: Values) -> Maps:
        power = 2 * np.abs(np.fft.rfft(y - y.mean(0), axis=0)) ** 2 / n**2
        power[0] = 0
        if n % 2 == 0:
            power[-1] /= 2
        inside = power[frequency >= 0.01 - 1e-9].sum(0)
        return {"power": inside, "share": inside / power.sum(0)}

    return over_slabs(movie, of)


TASKS = {"fourier": Task(nt.Fourier(), fourier), "band_power": Task(nt.BandPower(), band_power)}
