"""Blocks that move on their own: known fields are found, dim blocks do not jump, rigid motion stays rigid."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_thunder.errors import ParameterError
from napari_thunder.registration.estimator import Estimate, Estimator
from napari_thunder.registration.modes import estimator_of
from napari_thunder.registration.settings import Registration
from tests.registration.deforming import Waves, bent, field_between, texture, with_noise

SPACE = (8, 96, 112)
VOLUMES, PLANES = "piecewise 3-D", "piecewise 2-D planes"
TEXTURE = 36.0
"""Standard deviation of the texture."""


def found(template: NDArray[np.float32], frames: NDArray[np.float32], mode: str = VOLUMES, **known: float) -> Estimate:
    return estimator(template, mode, **known).estimate(frames)


def estimator(template: NDArray[np.float32], mode: str = VOLUMES, **known: float) -> Estimator:
    return estimator_of(Registration(mode=mode, **known), template)


def error(
    estimate: Estimate, centers: tuple[NDArray[np.float32], ...], fields: Sequence[Waves | NDArray[np.float64]]
) -> float:
    """Root mean square over voxels and frames of the length of what is left."""
    truth = [f.everywhere() if isinstance(f, Waves) else f for f in fields]
    left = [field_between(s, centers, f.shape[1:]) - f for s, f in zip(estimate.shifts, truth, strict=True)]
    _, y, x = (slice(int(c[0]), int(c[-1]) + 1) for c in centers)
    return float(np.sqrt((np.stack(left)[..., y, x] ** 2).sum(axis=1).mean()))


@pytest.mark.parametrize(("noise", "allowed"), [(0.0, 0.24), (0.5, 0.24), (2.0, 0.35)])
def test_a_known_field_is_found_whatever_the_noise(noise: float, allowed: float) -> None:
    template = texture(SPACE)
    fields = [Waves(SPACE, (0.3, 1.2, 1.0), phase, (0.6, -3.3, 4.2)) for phase in (0, 2)]
    frames = with_noise(np.stack([bent(template, f) for f in fields]), noise * TEXTURE)
    looking = estimator(template)
    assert error(looking.estimate(frames), looking.centers, fields) < allowed
    rigid = estimator(template, "rigid 3-D")
    assert error(rigid.estimate(frames), rigid.centers, fields) > 2 * allowed


def test_looking_again_brings_it_nearer() -> None:
    template = texture(SPACE)
    fields = [Waves(SPACE, (0.5, 2.5, 2.5))]
    frames = bent(template, fields[0])[None]
    errors = []
    for rounds in (0, 1):
        looking = estimator(template, block_rounds=rounds)
        errors.append(error(looking.estimate(frames), looking.centers, fields))
    assert errors[1] < 0.8 * errors[0]


def test_planes_bend_each_in_their_own_way_and_not_along_z() -> None:
    template = texture((3, 96, 112))
    fields = [Waves((1, 96, 112), (0, 2, 2), phase, (0, phase, -phase)) for phase in (0.0, 1.5, 3.0)]
    frame = np.concatenate([bent(template[z : z + 1], f) for z, f in enumerate(fields)])
    looking = estimator(template, PLANES)
    estimate = looking.estimate(frame[None])
    assert estimate.shifts.shape[1] == 3
    assert not estimate.shifts[..., 0].any()
    truth = np.concatenate([f.everywhere() for f in fields], axis=1)
    assert error(estimate, looking.centers, [truth]) < 0.45


@pytest.mark.parametrize("mode", [VOLUMES, PLANES])
def test_what_moves_as_a_whole_gives_the_same_shift_everywhere(mode: str) -> None:
    template = texture(SPACE)
    z = 0.4 if mode == VOLUMES else 0.0
    shift = np.array([z, -2.3, 3.6])
    frame = bent(template, Waves(SPACE, (0, 0, 0), shift=tuple(shift)))
    shifts = found(template, frame[None], mode).shifts
    np.testing.assert_allclose(shifts, np.broadcast_to(shift, shifts.shape), atol=0.15)


def test_blocks_in_the_dark_take_the_answer_of_those_around_them() -> None:
    """A third of the field is dark, with noise that could be taken for anything."""
    light = np.where(np.arange(SPACE[2]) < 70, 1.0, 0.002)
    fields = [Waves(SPACE, (0.0, 1.0, 1.0), phase) for phase in range(6)]
    template = (texture(SPACE) * light).astype(np.float32)
    frames = with_noise(np.stack([bent(texture(SPACE), f) * light for f in fields]).astype(np.float32), 10.0)
    looking = estimator(template)
    estimate = looking.estimate(frames)
    bright = looking.centers[2] < 70
    dark = looking.centers[2] > 90
    low, high = (edge(estimate.shifts[:, :, :, bright], axis=(1, 2, 3)) for edge in (np.min, np.max))
    for shifts in np.moveaxis(estimate.shifts[:, :, :, dark], 0, 3):
        assert (shifts >= low - 0.5).all()
        assert (shifts <= high + 0.5).all()
    assert np.median(estimate.confidence[:, :, :, dark]) < np.median(estimate.confidence[:, :, :, bright]) / 2


def test_a_block_in_which_nothing_is_to_be_seen_is_not_sure_and_moves_with_the_others() -> None:
    template = texture(SPACE)
    template[:, :, 64:] = 100
    frame = bent(template, Waves(SPACE, (0, 0, 0), shift=(0, 2, -1)))
    looking = estimator(template)
    estimate = looking.estimate(frame[None])
    empty = looking.centers[2] > 95
    assert empty.any()
    np.testing.assert_allclose(estimate.shifts[0, ..., 1], 2, atol=0.2)
    np.testing.assert_allclose(estimate.shifts[0, ..., 2], -1, atol=0.2)


def test_a_block_stays_near_the_whole() -> None:
    template = texture(SPACE)
    frame = template.copy()
    frame[:, 30:66, 40:76] = np.roll(template, 9, axis=1)[:, 30:66, 40:76]
    whole = found(template, frame[None], "rigid 3-D").shifts
    shifts = found(template, frame[None], max_bend=3.0).shifts
    assert np.abs(shifts - whole).max() <= 3.0 + 1e-5


def test_a_frame_without_voxels_has_no_shifts_and_the_others_are_as_without_it() -> None:
    template = texture(SPACE)
    frames = np.stack([template, np.full(SPACE, np.nan, np.float32), bent(template, Waves(SPACE, (0, 1, 1)))])
    estimate = found(template, frames)
    assert np.isnan(estimate.shifts[1]).all()
    assert np.isnan(estimate.confidence[1]).all()
    alone = found(template, frames[[0, 2]])
    np.testing.assert_allclose(estimate.shifts[[0, 2]], alone.shifts, atol=1e-4)


def test_the_answer_does_not_depend_on_how_the_movie_is_cut_or_where_it_is_made() -> None:
    template = texture((8, 64, 64))
    frames = with_noise(np.stack([bent(template, Waves((8, 64, 64), (0, 1, 1), p)) for p in range(10)]), 20.0)
    looking = estimator(template)
    whole = looking.estimate(frames)
    sent = pickle.loads(pickle.dumps(looking))
    parts = [sent.estimate(frames[a:b]) for a, b in ((0, 1), (1, 4), (4, 10))]
    np.testing.assert_allclose(whole.shifts, np.concatenate([p.shifts for p in parts]), atol=1e-3)


def test_whole_numbers_from_a_camera_do_as_well() -> None:
    template = texture(SPACE)
    field = Waves(SPACE, (0, 1, 1))
    counts = np.rint(bent(template, field)).astype(np.uint16)
    looking = estimator(template)
    assert error(looking.estimate(counts[None]), looking.centers, [field]) < 0.4


def test_blocks_are_as_large_as_told_in_micrometres() -> None:
    settings = Registration(mode=VOLUMES, block=60.0, block_z=20.0)
    looking = estimator_of(settings, texture((8, 96, 96)), (5.0, 2.0, 2.0))
    assert [len(c) for c in looking.centers] == [3, 6, 6]
    np.testing.assert_allclose(looking.centers[0], [1.5, 3.5, 5.5])


def test_a_surety_below_one_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"block_surety=0\.5 is below its least value 1"):
        Registration(block_surety=0.5)
