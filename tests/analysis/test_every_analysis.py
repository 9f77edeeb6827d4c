"""What holds for every analysis and every preprocessing step."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import xarray as xr

from napari_thunder.analysis.registry import analyses, steps
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import parameters
from tests.analysis.runner import compute, dataset, make_context, stepped
from tests.examples import CASES, LEAST_FRAMES, MADE, OF_GROUPS, STEPS


def _made(name):
    return analyses()[name](**(MADE | OF_GROUPS)[name])


def test_there_is_an_example_of_every_analysis():
    assert set(MADE) | set(OF_GROUPS) == set(analyses())
    assert set(STEPS) <= set(steps())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.oracle}: {case.case}")
def test_the_numbers_are_those_of_an_independent_oracle(case):
    assert case.name in analyses() or case.name in steps()
    assert case.difference() <= case.bound


@pytest.mark.parametrize("name", MADE)
def test_maps_do_not_depend_on_how_voxels_are_cut(name, tiny, series):
    whole, cut = compute(_made(name), tiny, series), compute(_made(name), tiny, series, slabs=5)
    assert set(whole) == set(cut)
    for key in whole:
        np.testing.assert_allclose(cut[key], whole[key], rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", MADE)
def test_voxels_without_information_are_nan_and_spoil_no_other(name, tiny, series):
    if getattr(_made(name).plan(tiny), "halo", None) is not None:
        pytest.skip("its neighbours change; that those without information do not count is tested with the analysis")
    spoilt = np.insert(series, [2, 5, 5, 9, 12], 0.0, axis=1)
    bad = [2, 6, 7, 12, 16]
    spoilt[:, bad] = [0.0, 0.1, 101.3, 7.0, 65535.0]
    spoilt[30, 7], spoilt[60, 12] = np.nan, np.inf
    good = np.setdiff1d(np.arange(spoilt.shape[1]), bad)
    expected, found = compute(_made(name), tiny, series), compute(_made(name), tiny, spoilt)
    for key, values in found.items():
        if values.shape[-1:] == spoilt.shape[1:]:
            assert np.isnan(values[..., bad]).all(), key
            values = values[..., good]
        np.testing.assert_allclose(values, expected[key], rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", MADE | OF_GROUPS)
def test_excluded_frames_have_no_influence(name, tiny, series):
    keep = np.ones(260, bool)
    keep[[0, 40, 41, 100]] = False
    context = dataclasses.replace(tiny, keep=keep)
    poisoned = series.copy()
    poisoned[~keep] = np.nan
    clean, found = compute(_made(name), context, series), compute(_made(name), context, poisoned)
    for key in clean:
        np.testing.assert_array_equal(found[key], clean[key], err_msg=key)


@pytest.mark.parametrize("name", MADE | OF_GROUPS)
def test_a_single_frame_is_refused_in_words(name, tiny, events):
    one = make_context(1, frame_times=np.zeros(1), events=events, signals=tiny.signals, regions=tiny.regions)
    least = LEAST_FRAMES.get(name, 2)
    with pytest.raises(AnalysisError, match=rf"tiny: .* needs at least {least} frames, but there are 1"):
        _made(name).plan(one)


@pytest.mark.parametrize("name", MADE | OF_GROUPS)
def test_the_finished_result_is_float32_and_names_its_maps(name, tiny, series):
    result = dataset(_made(name), tiny, series)
    maps = [v for v in result.data_vars.values() if v.dims[-3:] == ("z", "y", "x")]
    assert maps or name in OF_GROUPS
    for values in maps:
        assert values.dtype == np.float32
        assert values.attrs["long_name"]
    assert isinstance(result, xr.Dataset)


@pytest.mark.parametrize("name", sorted(analyses()) + sorted(steps()))
def test_every_class_says_what_it_does_and_every_parameter_what_it_is(name):
    cls = (analyses() | steps())[name]
    assert cls.title
    assert cls.summary
    assert not cls.summary.endswith(".")
    doc = cls.__doc__ or ""
    for p in parameters(cls):
        assert p.help
        assert re.search(rf"^    [\w, ]*\b{p.name}\b[\w, ]*$", doc, re.MULTILINE), f"{p.name} is not in the docstring"
    slots = [slot for base in cls.__mro__[:-1] for slot in base.__slots__]
    assert sorted(slots) == sorted(p.name for p in parameters(cls))


@pytest.mark.parametrize("name", sorted(steps()))
def test_a_step_spoils_no_neighbours(name, tiny, series):
    spoilt = np.insert(series, [3, 6], 0.0, axis=1)
    spoilt[:, [3, 7]] = 42.0, 5.0
    spoilt[10, 7] = np.nan
    step = steps()[name](**STEPS.get(name, {}))
    if hasattr(step, "halo"):
        pytest.skip("what a voxel holds does reach its neighbours; that NaN does not is tested with the step")
    found, expected = stepped(step, tiny, spoilt, parts_of=series), stepped(step, tiny, series)
    np.testing.assert_allclose(np.delete(found, [3, 7], axis=1), expected, rtol=1e-9, atol=1e-9)
    assert np.ptp(found[:, 3]) == 0 or np.isnan(found[:, 3]).any()
    assert np.isnan(found[:, 7]).any()
