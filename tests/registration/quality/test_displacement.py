import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift
from sklearn.decomposition import PCA

from napari_thunder.registration.quality.displacement import block_displacements, displacement
from napari_thunder.registration.quality.grid import grid_of
from napari_thunder.registration.quality.halves import halves_residual
from napari_thunder.registration.quality.pc_shift import components_of, noise_floor, pc_shift
from napari_thunder.registration.quality.planes import plane_agreement, plane_shifts

SPACE = (8, 64, 96)


@pytest.fixture(scope="module")
def brain():
    rng = np.random.default_rng(0)
    texture = gaussian_filter(rng.standard_normal((12, 80, 112)), (1, 1.5, 1.5))
    return 200 + 300 * texture / texture.std()


def moved(brain, by):
    return shift(brain, by, order=3, mode="nearest")[2:-2, 8:-8, 8:-8]


@pytest.mark.parametrize("by", [(0, 0, 0), (0.3, -0.4, 0.25), (-0.6, 3.2, -4.7), (1.2, 0.1, 0.0)])
def test_a_displacement_is_found_to_a_few_hundredths_of_a_voxel_also_along_z(brain, by):
    rng = np.random.default_rng(1)
    low, high = (image + 20 * rng.standard_normal(SPACE) for image in (moved(brain, (0, 0, 0)), moved(brain, by)))
    np.testing.assert_allclose(displacement(low, high), by, atol=0.06)


def test_in_plane_displacement_ignores_z(brain):
    found = displacement(moved(brain, (0, 0, 0)), moved(brain, (0.4, 1.5, -0.5)), in_plane=True)
    np.testing.assert_allclose(found, (0, 1.5, -0.5), atol=0.06)


def test_a_change_of_brightness_moves_nothing(brain):
    low = moved(brain, (0, 0, 0))
    active = low * 1.3 + 150 * (gaussian_filter(np.random.default_rng(2).standard_normal(SPACE), (1, 3, 3)) > 0.05)
    assert np.abs(displacement(low, active)).max() < 0.05


def test_voxels_that_are_not_known_do_not_count(brain):
    low, high = moved(brain, (0, 0, 0)), moved(brain, (0.2, 0.7, -1.1))
    low[:, :10], high[:, :, -12:] = np.nan, np.nan
    np.testing.assert_allclose(displacement(low, high), (0.2, 0.7, -1.1), atol=0.08)


def test_what_has_nothing_to_go_by_has_no_displacement():
    flat = np.full(SPACE, 7.0)
    assert np.isnan(displacement(flat, flat)).all()
    assert np.isnan(displacement(np.full(SPACE, np.nan), flat)).all()


def test_blocks_tell_where_the_brain_bends(brain):
    low, high = moved(brain, (0, 0, 0)), moved(brain, (0, 0, 0))
    high[:, :, 48:] = moved(brain, (0, 1.0, 0))[:, :, 48:]
    grid = grid_of(SPACE)
    assert grid.shape == (1, 1, 2)
    found = block_displacements(low, high, grid)
    np.testing.assert_allclose(found[0, 0, 0], 0, atol=0.05)
    np.testing.assert_allclose(found[0, 0, 1], (0, 1, 0), atol=0.06)
    assert halves_residual(low, high, grid).size == pytest.approx(0.95, abs=0.06)


def test_blocks_that_are_mostly_unknown_have_no_displacement(brain):
    low = moved(brain, (0, 0, 0))
    low[:, :, 60:] = np.nan
    found = block_displacements(low, low, grid_of(SPACE))
    assert np.isfinite(found[0, 0, 0]).all()
    assert np.isnan(found[0, 0, 1]).all()


def jittered(brain, size, n=60):
    rng = np.random.default_rng(3)
    by = size * rng.standard_normal((n, 3)) * (0, 1, 1)
    part = brain[2:8, :56, :72]
    frames = np.stack([shift(part, b, order=3, mode="nearest")[1:-1, 8:-8, 8:-8] for b in by])
    return (frames + 30 * rng.standard_normal(frames.shape)).astype(np.float32), by


def test_components_are_those_of_scikit_learn(brain):
    frames, _ = jittered(brain, 0.5)
    found = components_of(frames, 4)
    pca = PCA(4, svd_solver="full").fit(frames.reshape(len(frames), -1).astype(np.float64))
    np.testing.assert_allclose(found.variance, pca.explained_variance_ratio_, rtol=1e-3)
    scores = pca.transform(frames.reshape(len(frames), -1)).T
    for one, other in zip(found.scores[:2], scores[:2], strict=True):
        assert abs(np.corrcoef(one, other)[0, 1]) > 0.9999


def test_the_extremes_are_means_of_the_fifth_of_frames_with_the_lowest_and_highest_scores(brain):
    frames, _ = jittered(brain, 0.5)
    found = components_of(frames, 1)
    order = np.argsort(found.scores[0])
    np.testing.assert_allclose(found.low[0], frames[order[:12]].mean(axis=0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.high[0], frames[order[-12:]].mean(axis=0), rtol=1e-4, atol=1e-3)


def test_pc_shift_is_the_motion_between_the_extremes(brain):
    frames, by = jittered(brain, 1.0)
    components = components_of(frames, 2)
    order = np.argsort(components.scores[0])
    expected = by[order[-12:]].mean(axis=0) - by[order[:12]].mean(axis=0)
    found = pc_shift(components)
    np.testing.assert_allclose(found.displacement[0], expected, atol=0.25)
    assert found.in_plane[0] == pytest.approx(np.linalg.norm(expected), abs=0.3)


def test_a_still_movie_has_no_pc_shift_however_active(brain):
    frames, _ = jittered(brain, 0.0)
    rng = np.random.default_rng(4)
    cells = gaussian_filter(rng.standard_normal(frames.shape[1:]), (1, 2, 2)) > 0.1
    frames = frames + 200 * cells * rng.random((len(frames), 1, 1, 1)).astype(np.float32)
    assert np.linalg.norm(pc_shift(components_of(frames, 3)).displacement, axis=1).max() < 0.1
    assert noise_floor(frames) < 0.1


def test_planes_that_move_together_agree_and_one_that_does_not_stands_out():
    rng = np.random.default_rng(5)
    common = rng.standard_normal((100, 1, 2))
    shifts = common + 0.2 * rng.standard_normal((100, 5, 2))
    shifts[:, 3] = rng.standard_normal((100, 2))
    agreement = plane_agreement(shifts)
    assert agreement[[0, 1, 2, 4]].min() > 0.9
    assert abs(agreement[3]) < 0.3
    assert np.isnan(plane_agreement(shifts[:, :1])).all()
    assert np.isnan(plane_agreement(np.zeros((100, 5, 2)))).all()


def test_the_motion_of_a_plane_is_found_from_it_alone(brain):
    frames, by = jittered(brain, 1.0, 20)
    found = plane_shifts(frames)
    for z in range(frames.shape[1]):
        rest = found[:, z] - by[:, 1:]
        assert (rest - rest.mean(axis=0)).std() < 0.15
