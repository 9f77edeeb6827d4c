"""Every analysis gives the same numbers on threads and on Spark, with every preprocessing step before it."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses, steps

NEEDED = {
    "correlation": {"events_by": (), "signals": ("swim",), "max_lag": 2.0},
    "regression": {"events_by": ("direction",), "signals": ("swim",), "kernel": "GCaMP6s"},
}
"""Parameters of analyses that have none to fall back on; a new analysis is tested with its defaults."""


NEEDED_BY_STEPS = {"remove_signals": "remove_signals signals=swim"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "fish.zarr"
    return nt.simulate(path, shape=(160, 4, 40, 64), seed=5).without_frames([3, 90, 91])


@pytest.mark.parametrize("name", analyses())
def test_the_numbers_are_the_same_on_threads_and_on_spark(name, recording, threads, spark):
    analysis = analyses()[name](**NEEDED.get(name, {}))
    here = nt.run(analysis, recording, engine=threads, preprocess=["delta_f_over_f percentile=20"])
    there = nt.run(analysis, recording, engine=spark, preprocess=["delta_f_over_f percentile=20"])
    assert list(here.data_vars) == list(there.data_vars)
    for variable in here.data_vars:
        scale = float(np.nanmax(np.abs(here[variable].values), initial=0.0))
        np.testing.assert_allclose(
            there[variable].values, here[variable].values, rtol=1e-6, atol=1e-6 * scale, err_msg=variable
        )


@pytest.mark.parametrize("step", steps())
def test_every_step_gives_the_same_numbers_on_threads_and_on_spark(step, recording, threads, spark):
    chain = [NEEDED_BY_STEPS.get(step, step)]
    here = nt.run(nt.SummaryImages(), recording, engine=threads, preprocess=chain)
    there = nt.run(nt.SummaryImages(), recording, engine=spark, preprocess=chain)
    for variable in here.data_vars:
        np.testing.assert_array_equal(there[variable].values, here[variable].values, err_msg=variable)
