"""What a voxel does at a frequency: Thunder's numbers, and those of numpy and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import signal

from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.spectral.fourier import BandPower, Fourier
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context

A9 = np.array([1, 2, -4, 5, 8, 3, 4.1, 0.9, 2.3])


def test_known_answer_of_thunder() -> None:
    found = compute(Fourier(frequency=2 / 9), make_context(9, frame_times=np.arange(9.0)), A9[:, None])
    assert found["coherence"][0] == pytest.approx(0.578665, abs=1e-6)
    assert np.radians(found["phase"][0]) == pytest.approx(4.102501, abs=1e-6)


def test_a_delayed_sine_has_its_amplitude_and_phase() -> None:
    times = np.arange(200) / 4
    delays = np.array([0, 30, 170, 359])
    movie = 50 + 3 * np.sin(2 * np.pi * 0.2 * times[:, None] - np.radians(delays))
    found = compute(Fourier(frequency=0.2), make_context(200, frame_times=times), movie)
    np.testing.assert_allclose(found["amplitude"], 3, rtol=1e-9)
    np.testing.assert_allclose(found["coherence"], 1, rtol=1e-9)
    np.testing.assert_allclose((found["phase"] - delays + 180) % 360, 180, atol=1e-6)


def test_the_frequency_is_that_of_the_events_when_none_is_given(tiny: Context, series: NDArray[np.float64]) -> None:
    found = dataset(Fourier(), tiny, series)
    assert found.attrs["cycles"] == round(130 / 7.5)
    assert "not a whole number" in found.attrs["warnings"][0]
    np.testing.assert_array_equal(
        found["amplitude"], dataset(Fourier(frequency=found.attrs["frequency"]), tiny, series)["amplitude"]
    )


def test_p_holds_its_level_in_noise_that_is_strong_at_slow_frequencies() -> None:
    noise = np.random.default_rng(0).normal(size=(600, 4000))
    for t in range(1, 600):
        noise[t] += 0.9 * noise[t - 1]
    found = compute(Fourier(frequency=0.05), make_context(600, frame_times=np.arange(600.0)), noise)
    assert (found["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.015)


def test_excluded_frames_are_filled_in_by_straight_lines(tiny: Context, series: NDArray[np.float64]) -> None:
    keep = np.ones(260, bool)
    keep[[0, 50, 51, 259]] = False
    context = make_context(260, keep, frame_times=tiny.frame_times)
    t = np.arange(260)
    filled = np.stack([np.interp(t, t[keep], voxel[keep]) for voxel in series.T], axis=1)
    found = compute(Fourier(frequency=0.1), context, series)
    np.testing.assert_allclose(found["amplitude"], 2 * np.abs(np.fft.rfft(filled, axis=0)[13]) / 260, rtol=1e-9)


@pytest.mark.parametrize("n_frames", [260, 259])
def test_power_in_a_band_is_that_of_the_periodogram(series: NDArray[np.float64], n_frames: int) -> None:
    context = make_context(n_frames, frame_times=np.arange(n_frames) / 2)
    movie = series[:n_frames]
    found = compute(BandPower(low=0.1, high=0.4), context, movie.copy())
    f, density = signal.periodogram(movie, fs=2, axis=0, detrend="constant")
    inside = (f >= 0.1 - 1e-9) & (f <= 0.4 + 1e-9)
    np.testing.assert_allclose(found["power"], density[inside].sum(0) * f[1], rtol=1e-9)
    np.testing.assert_allclose(found["share"], found["power"] / movie.var(0), rtol=1e-9)


def test_all_bands_together_are_the_variance(tiny: Context, series: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(compute(BandPower(low=0), tiny, series.copy())["power"], series.var(0), rtol=1e-9)


def test_what_cannot_be_done_is_said(tiny: Context) -> None:
    with pytest.raises(AnalysisError, match=r"outside what 260 frames of 0\.5 s hold"):
        Fourier(frequency=1.0).plan(tiny)
    with pytest.raises(AnalysisError, match="too few events"):
        one = pd.DataFrame({"start_time": [3.0], "stop_time": [4.0]})
        Fourier().plan(make_context(260, frame_times=tiny.frame_times, events=one))
    with pytest.raises(AnalysisError, match="no frequency from 5 to 6 Hz"):
        BandPower(low=5, high=6).plan(tiny)
    with pytest.raises(AnalysisError, match="evenly spaced"):
        BandPower().plan(make_context(50, frame_times=np.arange(50.0) ** 1.1))


def test_constant_voxels_are_nan(tiny: Context, series: NDArray[np.float64]) -> None:
    series[:, 2] = 7
    for analysis in (Fourier(frequency=0.1), BandPower()):
        for name, values in compute(analysis, tiny, series.copy()).items():
            np.testing.assert_array_equal(np.isnan(values), np.arange(12) == 2, err_msg=name)
