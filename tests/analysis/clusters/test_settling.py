"""How centres settle: in few dimensions, beyond the means, and until little is gained."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from napari_thunder.analysis.clusters.few_dimensions import FewDimensions
from napari_thunder.analysis.clusters.k_means import KMeans
from napari_thunder.analysis.clusters.points import DISTANCES, Share, as_points, standard
from napari_thunder.analysis.clusters.starts import lloyd
from napari_thunder.analysis.clusters.steps import Steps
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.clusters import planted


def _share(inertia, sums, counts):
    return {"inertia": np.array([inertia]), "sums": sums, "counts": counts, "far": np.zeros(1), "farthest": sums[:, 0]}


def _moving_by(centers, move, inertia):
    return _share(inertia, 5 * (centers + move), np.full(centers.shape[1], 5))


def test_steps_go_nearly_twice_as_far_as_the_means_while_the_sum_of_squares_falls():
    centers = np.zeros((3, 2))
    steps = Steps(centers, "euclidean")
    lengths = []
    for inertia in (10.0, 9.0, 8.0, 7.0):
        at = steps.centers
        steps.follow(_moving_by(at, 1.0, inertia))
        lengths.append(float((steps.centers - at).max()))
    assert lengths == pytest.approx([1.0, 1.5, 1.8, 1.8])
    assert steps.gain == pytest.approx(1 / 7)
    assert steps.shift == 6


def test_a_step_that_raised_the_sum_of_squares_is_taken_back():
    steps = Steps(np.zeros((3, 2)), "euclidean")
    for inertia in (10.0, 9.0):
        steps.follow(_moving_by(steps.centers, 1.0, inertia))
    means = steps.means.copy()
    steps.follow(_moving_by(steps.centers, 1.0, 9.5))
    np.testing.assert_array_equal(steps.centers, means)
    assert np.isnan(steps.gain)
    assert steps.inertia == 9
    steps.follow(_moving_by(steps.centers, 1.0, 8.0))
    np.testing.assert_array_equal(steps.centers, means + 1)


def test_a_centre_that_starts_again_is_where_it_was_put():
    steps = Steps(np.zeros((3, 2)), "euclidean")
    for inertia in (10.0, 9.0, 8.0):
        share = _moving_by(steps.centers, 1.0, inertia)
        share |= {"counts": np.array([5, 0]), "far": np.ones(1), "farthest": np.full(3, 7.0)}
        steps.follow(share)
        np.testing.assert_array_equal(steps.centers[:, 1], np.full(3, 7.0))


def test_centres_compared_by_correlation_keep_sd_1_however_far_they_go():
    rng = np.random.default_rng(0)
    steps = Steps(standard(rng.normal(size=(20, 3))), "correlation")
    for inertia in (10.0, 9.0, 8.0):
        steps.follow(_moving_by(steps.centers, rng.normal(size=(20, 3)), inertia))
        np.testing.assert_allclose(steps.centers.std(axis=0), 1)


@pytest.mark.parametrize("n_voxels", [70, 300])
@pytest.mark.parametrize("distance", DISTANCES)
def test_points_on_a_plane_are_as_far_apart_in_few_dimensions(distance, n_voxels):
    """With more frames than voxels, and with fewer."""
    rng = np.random.default_rng(0)
    series = rng.normal(size=(120, 4)) @ rng.normal(size=(4, n_voxels)) + (1e6 if distance == "euclidean" else 0)
    points = as_points(series.copy(), distance)
    plane = FewDimensions.of(points, distance, 8)
    few = pickle.loads(pickle.dumps(plane))(series.copy()).astype(np.float64)
    wanted = np.linalg.norm(points[:, :1] - points, axis=0)
    np.testing.assert_allclose(np.linalg.norm(few[:, :1] - few, axis=0), wanted, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(plane.lifted(few.T), points, rtol=1e-9, atol=1e-4 * np.abs(points - points.mean()).max())


def test_voxels_that_take_no_part_have_no_place_in_few_dimensions():
    series, _ = planted(100)
    plane = FewDimensions.of(as_points(series.copy(), "standardized"), "standardized", 8)
    series[:, 3], series[5, 7] = 2.0, np.nan
    assert np.flatnonzero(~np.isfinite(plane(series)).all(axis=0)).tolist() == [3, 7]


def test_spherical_centres_stay_on_the_sphere():
    points = np.random.default_rng(0).normal(size=(500, 5)).astype(np.float32)
    centers = lloyd(points, points[:6].copy(), spherical=True).centers
    radius = np.sqrt((points.astype(np.float64) ** 2).sum(axis=1).mean())
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), radius, rtol=1e-6)


def test_passes_that_gain_little_are_left_out_and_cost_little():
    series, _ = planted(1500, noise=8.0)
    short, full = (
        dataset(KMeans(6, distance="standardized", n_sample=500, gain=gain), make_context(80), series).attrs
        for gain in (KMeans().gain, 0.0)
    )
    assert short["n_passes"] < full["n_passes"]
    assert full["inertia"] < short["inertia"] < 1.001 * full["inertia"]
    assert short["warnings"] == full["warnings"] == []


def test_without_a_least_gain_passes_go_on_as_long_as_those_of_scikit_learn():
    """The sum of squared moves of the last pass is below the tolerance."""
    series, _ = planted(2500, noise=8.0)
    found = compute(KMeans(5, distance="standardized", n_sample=500, gain=0.0), make_context(80), series)
    share = Share(found["centers"], "standardized")(series.copy())
    again = share["sums"] / share["counts"]
    assert ((again - found["centers"]) ** 2).sum() < 1e-4
