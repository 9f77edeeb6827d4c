"""The brain is found in mean images, whatever the light, and nothing is taken for a brain where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import skimage.filters

import napari_thunder as nt
from napari_thunder.errors import RecordingError
from napari_thunder.preparing.brain import find_brain, otsu

Array = np.ndarray[Any, Any]


def mean_and_truth(noise: float = 1.0) -> tuple[Array, Array]:
    recording = nt.simulate(shape=(20, 12, 96, 160), noise=noise)
    mean = np.mean([recording.read_volume(t).astype(float) for t in range(20)], axis=0)
    return mean, nt.ground_truth(recording)["brain"].values > 0


@pytest.mark.parametrize("noise", [0.5, 3.0])
@pytest.mark.parametrize(("gain", "offset"), [(1, 0), (0.05, 2), (40, 500)])
def test_the_simulated_brain_is_found_whatever_gain_and_offset(noise: float, gain: float, offset: float) -> None:
    mean, brain = mean_and_truth(noise)
    found = find_brain(mean * gain + offset)
    assert (found & brain).sum() > 0.98 * brain.sum()
    assert (found & brain).sum() / (found | brain).sum() > 0.8


def test_what_is_not_known_is_no_brain() -> None:
    mean, brain = mean_and_truth()
    mean[:, :, :6] = np.nan
    brain[:, :, :6] = False
    found = find_brain(mean)
    assert (found & brain).sum() > 0.98 * brain.sum()


def test_a_margin_adds_what_is_near_in_every_direction() -> None:
    mean = np.zeros((9, 40, 40))
    mean[3:6, 15:25, 15:25] = 100
    bare, wide = find_brain(mean), find_brain(mean, (1.0, 4.0, 2.0))
    z, y, x = np.ogrid[-1:2, -4:5, -2:3]
    ball = z**2 + (y / 4) ** 2 + (x / 2) ** 2 <= 1
    np.testing.assert_array_equal(wide, scipy.ndimage.binary_dilation(bare, ball))


def test_crumbs_are_dropped_and_holes_filled() -> None:
    mean = np.zeros((3, 60, 60))
    mean[1, 10:40, 10:40] = 100
    mean[1, 22:28, 22:28] = 0
    mean[1, 54:56, 54:56] = 100
    found = find_brain(mean)
    assert found[1, 25, 25]
    assert not found[1, 50:].any()


def test_otsu_is_that_of_scikit_image() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(10, 2, 3000), rng.normal(30, 5, 1000)])
    values = values[values < np.quantile(values, 0.999)]
    assert otsu(values) == pytest.approx(skimage.filters.threshold_otsu(values), abs=0.3)


def test_nothing_is_no_brain() -> None:
    with pytest.raises(RecordingError, match=r"No brain was found.*brain=everything"):
        find_brain(np.full((3, 20, 20), 7.0))
