"""Where layers lie."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_thunder.display.space import space_of_maps, space_of_recording
from napari_thunder.recording import Recording


def recording(**known):
    return Recording.from_array(np.zeros((4, 2, 3, 3), np.uint8), **known)


def test_a_recording_lies_in_seconds_and_micrometres():
    space = space_of_recording(recording(voxel_size=(5, 1, 0.5), frame_rate=2.0))
    assert space.scale == (0.5, 5, 1, 0.5)
    assert space.units == ("s", "um", "um", "um")
    assert space.axis_labels == ("t", "z", "y", "x")


def test_what_is_not_known_is_in_pixels():
    assert space_of_recording(recording()).units == ("pixel",) * 4
    assert space_of_recording(recording(frame_rate=2.0)).units == ("s", "pixel", "pixel", "pixel")


def test_maps_lie_where_their_recording_lies(tuning):
    assert space_of_maps(tuning).scale == (5, 1, 0.5)
    del tuning.attrs["provenance"]
    assert space_of_maps(tuning).scale == (5, 1, 0.5)
    assert space_of_maps(tuning).units == ("um",) * 3


def test_a_single_plane_is_as_thick_as_the_recording_says(tuning):
    assert space_of_maps(tuning.isel(z=[0])).scale == (5, 1, 0.5)


def test_a_single_plane_without_provenance_is_given_the_size_of_the_others(tuning):
    del tuning.attrs["provenance"]
    assert space_of_maps(tuning.isel(z=[0])).scale == (0.75, 1, 0.5)


def test_maps_without_coordinates_are_in_pixels():
    bare = xr.Dataset({"mean": (("z", "y", "x"), np.zeros((2, 3, 4)))})
    assert space_of_maps(bare).units == ("pixel",) * 3
    assert space_of_maps(bare).scale == (1, 1, 1)


def test_damaged_provenance_is_no_obstacle(tuning):
    tuning.attrs["provenance"] = "{"
    assert space_of_maps(tuning).scale == (5, 1, 0.5)
