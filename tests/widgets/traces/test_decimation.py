from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.widgets.traces.decimation import finite_range, nice_step, visible_points

X = np.arange(10_000) * 0.5
Y = np.random.default_rng(0).normal(size=10_000)


def test_every_peak_is_kept() -> None:
    y = Y.copy()
    y[4321], y[8765] = 100, -100
    x, shown = visible_points(X, y, X[0], X[-1], 500)
    assert len(x) == len(shown) <= 2 * 500
    assert shown.max() == 100
    assert shown.min() == -100
    assert abs(x[shown.argmax()] - X[4321]) <= 20 * 0.5


def test_a_short_stretch_is_shown_point_by_point_up_to_the_border() -> None:
    x, y = visible_points(X, Y, 100.2, 200.2, 500)
    np.testing.assert_array_equal(x, X[200:402])
    np.testing.assert_array_equal(y, Y[200:402])


def test_single_gaps_do_not_hide_the_rest() -> None:
    y = Y.copy()
    y[::10] = np.nan
    y[3000:5000] = np.nan
    x, shown = visible_points(X, y, X[0], X[-1], 500)
    gap = (x > X[3000]) & (x < X[4960])
    assert np.isnan(shown[gap]).all()
    assert np.isfinite(shown[~gap]).mean() > 0.97


def test_moving_the_view_does_not_change_the_columns() -> None:
    ranges = [visible_points(X, Y, start, start + 3000, 500) for start in (500.0, 506.5)]
    common = np.intersect1d(ranges[0][0], ranges[1][0])
    assert len(common) > 400
    one, other = (y[np.isin(x, common)][2:-2] for x, y in ranges)
    np.testing.assert_array_equal(one, other)


def test_an_empty_trace_has_no_points_and_no_range() -> None:
    x, y = visible_points(np.empty(0), np.empty(0), 0, 1, 500)
    assert not len(x)
    assert not len(y)
    assert finite_range(np.full(3, np.nan)) is None
    assert finite_range(np.array([np.nan, 2.0, 1.0])) == (1, 2)


@pytest.mark.parametrize(("size", "step"), [(0.13, 0.2), (0.2, 0.2), (3, 5), (7, 10), (0, 1), (np.nan, 1), (130, 200)])
def test_steps_are_round_numbers(size: float, step: float) -> None:
    assert nice_step(size) == pytest.approx(step)
