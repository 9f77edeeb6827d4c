"""What Thunder's own tests expected of preprocessing, local correlation, regions and matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.regions import region_of_mask
from napari_thunder.traces.means import mean_series
from tests.examples import CASES
from tests.examples.local import OF_THUNDER, local
from tests.examples.preprocessing import ONE_TO_FIVE, stepped


@pytest.mark.parametrize("number", [13, 14, 15, 16, 17, 21, 25, 47, 48])
def test_the_known_answer_is_among_the_cases(number):
    assert any(case.oracle == f"Thunder's known answer {number}" for case in CASES)


def test_24_a_series_correlates_with_itself_and_squelch_and_z_score_do_what_they_say():
    series = np.random.default_rng(0).normal(5, 2, (40, 3))
    signals = nt.Recording.from_array(series[:, None, None, :], signals=_table(series[:, 1]))
    assert nt.run(nt.Correlation(signals=("x",)), signals)["r"].values.ravel()[1] == pytest.approx(1, abs=1e-6)
    assert not stepped("squelch", series, threshold=series.max() + 1).any()
    scored = stepped("z_score", series)
    np.testing.assert_allclose(scored.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scored.std(axis=0), 1, rtol=1e-12)


def _table(values):
    return pd.DataFrame({"x": values})


def test_25_local_correlation_of_the_middle_of_nine_voxels():
    assert local(np.array(OF_THUNDER).T.reshape(3, 1, 3, 3), against="mean")[0, 1, 1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("voxels", "expected"),
    [
        ([(0, 0), (0, 1)], [0.5, 3.5, 7.5]),
        ([(1, 0), (1, 1)], [1.5, 5.5, 9.5]),
        ([(1, 0)], [1, 5, 9]),
    ],
)
def test_37_means_of_regions(voxels, expected):
    frames = np.array([[[0, 1], [1, 2]], [[3, 4], [5, 6]], [[7, 8], [9, 10]]])
    assert _mean(frames, voxels) == expected


def test_38_means_of_whole_numbers_are_not_cut_off():
    images = np.array([[[3, 5], [6, 8]], [[13, 15], [16, 18]]])
    assert _mean(images, [(0, 0), (1, 1)]) == [5.5, 15.5]


def _mean(frames, voxels):
    mask = np.zeros((1, 2, 2), bool)
    for y, x in voxels:
        mask[0, y, x] = True
    recording = nt.Recording.from_array(frames[:, None].astype(np.int16))
    return mean_series([region_of_mask(mask, "r", "#ff0000")], recording, nt.connect("threads"))[0].tolist()


def test_24_detrending_and_centring_leave_what_they_should():
    assert stepped("detrend", ONE_TO_FIVE, keep="nothing") == pytest.approx(np.zeros(5), abs=1e-12)
