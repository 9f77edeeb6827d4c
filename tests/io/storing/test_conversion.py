"""Volumes are binned, freed of the dark level and made to fit a type as exact arithmetic says."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import skimage.measure

from napari_thunder.io.storing.conversion import Conversion, Misfits, coarser, coarser_mask, means

Array = np.ndarray[Any, Any]


@pytest.fixture
def volume() -> Array:
    return np.random.default_rng(3).integers(0, 65536, (5, 12, 18)).astype("u2")


@pytest.mark.parametrize("factors", [(1, 2, 2), (2, 3, 1), (5, 12, 18), (1, 5, 7), (3, 1, 4)])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f4", "f8"])
def test_means_are_those_of_numpy_in_float64(volume: Array, factors: tuple[int, int, int], dtype: str) -> None:
    values = (volume // 3).astype(dtype)
    padded = [(0, -n % f) for n, f in zip(values.shape, factors, strict=True)]
    known = np.pad(values.astype(float), padded, constant_values=np.nan)
    expected = skimage.measure.block_reduce(known, factors, np.nanmean)
    np.testing.assert_allclose(means(values, factors), expected, rtol=1e-6)


def test_coarser_whole_numbers_are_rounded_to_even_exactly(volume: Array) -> None:
    found = coarser(volume, (1, 2, 2))
    for at in np.ndindex(found.shape):
        z, y, x = at
        exact = Fraction(int(volume[z, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].astype(int).sum()), 4)
        assert found[at] == round(exact)


def test_coarser_floats_leave_out_nan(volume: Array) -> None:
    values = volume.astype("f4")
    values[0, 0, 0] = values[1, :2, :2] = np.nan
    found = coarser(values, (1, 2, 2))
    assert found[0, 0, 0] == pytest.approx(np.nanmean(values[0, :2, :2]))
    assert np.isnan(found[1, 0, 0])
    assert np.isnan(found).sum() == 1


def test_a_coarser_mask_has_every_box_that_holds_a_voxel(volume: Array) -> None:
    mask = volume > 60_000
    found = coarser_mask(mask, (2, 5, 4))
    expected = skimage.measure.block_reduce(mask, (2, 5, 4), np.max)
    np.testing.assert_array_equal(found, expected)


def test_nothing_is_done_where_nothing_is_asked(volume: Array) -> None:
    found, misfits = Conversion((1, 1, 1), 0.0, "uint16")(volume)
    assert found is volume
    assert not misfits


@pytest.mark.parametrize("wanted", ["uint8", "int16", "uint16"])
@pytest.mark.parametrize("given", ["u2", "f4", "f8", "i4"])
def test_what_does_not_fit_is_cut_off_and_counted(volume: Array, given: str, wanted: str) -> None:
    values = volume.astype(given) - np.array(500, given) if given != "u2" else volume
    found, misfits = Conversion((1, 1, 1), 20.25, wanted)(values)
    exact = np.rint(values.astype(float) - 20.25)
    limits = np.iinfo(wanted)
    np.testing.assert_array_equal(found, np.clip(exact, limits.min, limits.max))
    assert misfits == Misfits((exact < limits.min).sum(), (exact > limits.max).sum(), 0)


def test_only_voxels_inside_are_counted(volume: Array) -> None:
    inside = np.zeros(volume.shape, bool)
    inside[0] = True
    _, misfits = Conversion((1, 1, 1), 0, "uint8")(volume, inside)
    assert misfits.above == (volume[0] > 255).sum()


def test_what_is_not_a_number_is_counted_and_becomes_0() -> None:
    values = np.array([[[np.nan, np.inf, -np.inf, 3.5]]], "f4")
    found, misfits = Conversion((1, 1, 1), 0, "uint16")(values)
    assert found.tolist() == [[[0, 0, 0, 4]]]
    assert misfits == Misfits(0, 0, 3)


def test_the_largest_whole_numbers_survive() -> None:
    values = np.array([[[2**31 - 1, -(2**31), 2**31 - 2]]], "i8")
    found, misfits = Conversion((1, 1, 1), 0, "int32")(values)
    np.testing.assert_array_equal(found, values)
    assert not misfits
    wide = np.array([[[2.0**40, -5.0]]], "f4")
    found, misfits = Conversion((1, 1, 1), 0, "uint32")(wide)
    assert found[0, 0, 0] > 4.29e9
    assert found[0, 0, 1] == 0
    assert misfits == Misfits(1, 1, 0)
