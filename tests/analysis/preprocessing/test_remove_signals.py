"""What signals explain goes as by least squares."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_thunder.analysis import RemoveSignals
from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import make_context, stepped

Series = NDArray[np.float64]


@pytest.mark.parametrize("derivatives", [False, True])
def test_what_signals_explain_is_taken_out_as_by_least_squares(
    tiny: Context, series: Series, derivatives: bool
) -> None:
    found = stepped(RemoveSignals(signals=("swim", "tail"), derivatives=derivatives), tiny, series)
    x = tiny.signals.to_numpy()
    if derivatives:
        x = np.concatenate([x, np.gradient(x, axis=0)], axis=1)
    x = x - x.mean(0)
    expected = series - x @ np.linalg.lstsq(x, series - series.mean(0), rcond=None)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_motion_is_taken_out_where_it_is_known(series: Series) -> None:
    motion = np.random.default_rng(0).normal(size=(260, 3))
    moved = series + motion @ np.ones((3, 12)) * 20
    found = stepped(RemoveSignals(motion=True), make_context(260, motion=motion), moved)
    assert np.abs(np.corrcoef(motion.T, found.T)[:3, 3:]).max() < 1e-9
    with pytest.raises(AnalysisError, match="Register it first"):
        RemoveSignals(motion=True).bind(make_context(260))
    motion[7] = np.nan
    with pytest.raises(AnalysisError, match="frame 7"):
        RemoveSignals(motion=True).bind(make_context(260, motion=motion))
    stepped(RemoveSignals(motion=True), make_context(260, np.arange(260) != 7, motion=motion), moved)


def test_nothing_to_take_out_is_said(tiny: Context) -> None:
    with pytest.raises(AnalysisError, match="give signals="):
        RemoveSignals().bind(tiny)


def test_slow_drift_goes_at_once_with_signals_that_drift(tiny: Context, series: Series) -> None:
    found = stepped(RemoveSignals(signals=("swim",), period=60), tiny, series)
    t = np.arange(260)
    x = np.stack([np.cos(np.pi / 260 * k * (t + 0.5)) for k in range(1, int(260 / 60) + 1)], axis=1)
    x = np.column_stack([tiny.signals["swim"], x])
    x = x - x.mean(axis=0)
    expected = series - x @ np.linalg.lstsq(x, series - series.mean(0), rcond=None)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_the_unknown_motion_of_an_excluded_frame_does_not_reach_its_neighbours(series: Series) -> None:
    motion = 50 + np.random.default_rng(0).normal(size=(260, 3))
    keep = np.arange(260) != 9
    step, motion[9] = RemoveSignals(motion=True, derivatives=True), np.nan
    unknown = stepped(step, make_context(260, keep, motion=motion), series)
    motion[9] = 1e6
    np.testing.assert_array_equal(stepped(step, make_context(260, keep, motion=motion), series), unknown)
