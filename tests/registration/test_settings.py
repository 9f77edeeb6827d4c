"""Settings in µm become voxels by the voxel size."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import build, values
from napari_thunder.registration.modes import MODES, estimator_of
from napari_thunder.registration.settings import Registration

SPACE = (12, 200, 400)


def test_by_default_a_tenth_of_the_field_and_three_planes_are_searched() -> None:
    search = Registration().search(SPACE, (10.0, 0.5, 0.5))
    assert search.max_shift == (3, 20, 40)
    assert search.low_pass[1:] == pytest.approx((1.15, 1.15))


def test_lengths_are_in_micrometres() -> None:
    search = Registration(max_shift=8.0, max_shift_z=20.0, low_pass=2.0).search(SPACE, (10.0, 0.5, 1.0))
    assert search.max_shift == (2, 16, 8)
    assert search.low_pass[1:] == (4, 2)


def test_a_voxel_is_a_micrometre_where_its_size_is_not_known() -> None:
    assert Registration(max_shift=8.0).search(SPACE, None).max_shift == (3, 8, 8)


def test_a_plane_alone_does_not_move_along_z() -> None:
    search = Registration(max_shift_z=30.0).search((1, 64, 64), (10.0, 1.0, 1.0))
    assert (search.max_shift[0], search.low_pass[0]) == (0, 0)


def test_settings_are_made_from_text_and_from_their_record() -> None:
    settings = build(Registration, {"mode": "rigid 2-D planes", "max_shift": "12.5", "chosen_frames": "1,2,3"})
    assert settings.chosen_frames == (1, 2, 3)
    assert build(Registration, values(settings)) == settings


@pytest.mark.parametrize("wrong", [{"max_shift": -1.0}, {"upsampling": 0}, {"template": "best"}, {"mode": "2-D"}])
def test_settings_out_of_their_limits_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        Registration(**wrong)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_an_estimator(mode: str) -> None:
    template = np.random.default_rng(0).random((6, 64, 64), np.float32)
    estimator = estimator_of(Registration(mode=mode), template, (5.0, 1.0, 1.0), 2.0)
    found = estimator.estimate(template[None])
    grid = tuple(len(c) for c in estimator.centers)
    assert found.shifts.shape == (1, *grid, 3)
    assert found.confidence.shape == (1, *grid)
    np.testing.assert_allclose(found.shifts, 0, atol=0.1)
