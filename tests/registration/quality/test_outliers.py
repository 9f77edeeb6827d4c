import numpy as np
import pytest
from scipy.signal import medfilt

from napari_thunder.registration.quality import Quality
from napari_thunder.registration.quality.outliers import picture_outliers, rolling_median, shift_outliers

T = 400
KEEP = np.ones(T, bool)
SETTINGS = Quality()


@pytest.fixture
def wander():
    rng = np.random.default_rng(3)
    shift = np.zeros((T, 3))
    shift[:, 1:] = 0.1 * np.cumsum(rng.standard_normal((T, 2)), axis=0)
    return shift


def test_a_frame_that_jumps_is_an_outlier_and_the_one_that_comes_back_is_none(wander):
    wander[200, 1] += 8
    assert np.flatnonzero(shift_outliers(wander, KEEP, SETTINGS)["speed"]).tolist() == [200]


def test_of_a_lasting_step_only_its_first_frame_is_an_outlier(wander):
    wander[200:, 2] += 8
    assert np.flatnonzero(shift_outliers(wander, KEEP, SETTINGS)["speed"]).tolist() == [200]


def test_a_burst_of_jumps_is_found_to_its_end(wander):
    wander[100:105, 1] += [9, -9, 9, -9, 9]
    assert np.flatnonzero(shift_outliers(wander, KEEP, SETTINGS)["speed"]).tolist() == [100, 101, 102, 103, 104]


def test_shifts_that_are_all_zero_give_no_outliers():
    still, corr = np.zeros((T, 3)), np.full(T, 0.9)
    flags = shift_outliers(still, KEEP, SETTINGS) | picture_outliers(still, corr, KEEP, SETTINGS)
    assert not np.any(list(flags.values()))


def test_frames_that_were_not_estimated_or_lie_at_the_limit_are_outliers(wander):
    wander[7] = np.nan
    wander[300, 1] = -19.2
    flags = shift_outliers(wander, KEEP, Quality(largest_shift=(0, 20, 20)))
    assert np.flatnonzero(flags["not estimated"]).tolist() == [7]
    assert np.flatnonzero(flags["limit"]).tolist() == [300]
    assert not shift_outliers(wander, KEEP, SETTINGS)["limit"].any()


def test_excluded_frames_are_no_outliers(wander):
    wander[200, 1] += 8
    keep = KEEP.copy()
    keep[200] = False
    flags = shift_outliers(wander, keep, SETTINGS) | picture_outliers(wander, np.ones(T), keep, SETTINGS)
    assert not np.any(list(flags.values()))


def test_the_rule_of_suite2p_finds_what_its_formula_finds(wander):
    rng = np.random.default_rng(5)
    wander[[150, 220], 2] += [30, 12]
    corr = 0.5 + 0.02 * rng.standard_normal(T)
    corr[220] = 0.01
    corr[260] = 0.05
    away = np.hypot(*(wander[:, k] - medfilt(wander[:, k], 101) for k in (1, 2)))
    expected = away / away.mean() / np.maximum(0, corr / medfilt(corr, 101)) > 100
    found = picture_outliers(wander, corr, KEEP, SETTINGS)["shift"]
    inside = slice(60, -60)  # at the ends suite2p's median takes zeros for what is not there
    np.testing.assert_array_equal(found[inside], expected[inside])
    assert found[220]


def test_a_frame_unlike_the_template_is_found_beside_slow_bleaching(wander):
    rng = np.random.default_rng(5)
    corr = np.linspace(0.9, 0.6, T) + 0.005 * rng.standard_normal(T)
    corr[[60, 390]] -= 0.15
    assert np.flatnonzero(picture_outliers(wander, corr, KEEP, SETTINGS)["correlation"]).tolist() == [60, 390]


def test_a_slight_fall_among_very_even_frames_is_no_outlier(wander):
    corr = np.full(T, 0.995)
    corr[60] = 0.98
    assert not picture_outliers(wander, corr, KEEP, SETTINGS)["correlation"].any()


def test_the_rolling_median_leaves_out_missing_frames():
    trace = np.arange(9.0)
    trace[4] = np.nan
    usual = rolling_median(trace, np.ones(9, bool), 3)
    np.testing.assert_array_equal(usual, [0, 1, 2, 3, np.nan, 5, 6, 7, 8])
