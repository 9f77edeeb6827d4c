from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import napari_thunder as nt
from napari_thunder.errors import ResultError
from napari_thunder.recording import Recording


def of(values: object, role: str, name: str = "map", step: float = 2.0) -> xr.Dataset:
    data = np.asarray(values, np.float32).reshape(1, 1, -1)
    coords = {axis: (axis, np.arange(n) * step, {"units": "um"}) for axis, n in zip("zyx", data.shape, strict=True)}
    made = xr.Dataset({name: (("z", "y", "x"), data, {"role": role, "units": "deg", "long_name": name})}, coords)
    recording = {"uri": "/movie.npy", "voxel_size": [step] * 3}
    made.attrs = {"provenance": json.dumps({"analysis": name, "recording": recording})}
    return made


def test_directions_are_subtracted_around_the_circle() -> None:
    a, b = of([10, 350, 90, 270, np.nan], "direction"), of([350, 10, 270, 90, 0], "direction")
    made = nt.difference(a, b, "map")
    np.testing.assert_allclose(made["difference"].values.ravel(), [20, -20, -180, -180, np.nan])
    assert made["difference"].attrs["role"] == "signed"


def test_orientations_have_half_the_circle() -> None:
    made = nt.difference(of([10, 170], "orientation"), of([170, 10], "orientation"), "map")
    np.testing.assert_allclose(made["difference"].values.ravel(), [20, -20])


def test_other_maps_are_simply_subtracted_and_both_provenances_are_kept() -> None:
    a, b = of([3, np.nan], "value", "first"), of([1, 1], "value", "second")
    made = nt.difference(a, b, "first", "second")
    np.testing.assert_allclose(made["difference"].values.ravel(), [2, np.nan])
    record = json.loads(made.attrs["provenance"])
    assert [operand["provenance"]["analysis"] for operand in record["of"]] == ["first", "second"]
    assert record["title"] == "difference of first and second"


@pytest.mark.parametrize(
    ("b", "message"),
    [
        (of([1, 2, 3], "value"), "different voxels, 1 × 1 × 2 and 1 × 1 × 3"),
        (of([1, 2], "value", step=3.0), "different size along x"),
        (of([1, 2], "direction"), "not of one kind"),
    ],
)
def test_what_cannot_be_subtracted_says_why(b: xr.Dataset, message: str) -> None:
    with pytest.raises(ResultError, match=message):
        nt.difference(of([1, 2], "value"), b, "map")


def test_a_map_that_is_not_there_is_named() -> None:
    with pytest.raises(ResultError, match=r"no map 'nothing'.*It has: map"):
        nt.difference(of([1], "value"), of([1], "value"), "nothing")


def test_a_difference_is_saved_and_loaded(tmp_path: object) -> None:
    recording = Recording.from_array(np.random.default_rng(0).random((20, 2, 3, 4)))
    a, b = nt.run(nt.SummaryImages(), recording), nt.run(nt.SummaryImages(), recording, preprocess=["z_score"])
    made = nt.difference(a, b, "std")
    again = nt.load_result(nt.save_result(made, f"{tmp_path}/difference.zarr"))
    xr.testing.assert_identical(made["difference"], again["difference"])
