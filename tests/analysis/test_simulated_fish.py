"""Analyses find what was put into the simulated fish."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt

CHAIN = ("detrend", "delta_f_over_f percentile=20")


@pytest.fixture(scope="module")
def fish():
    recording = nt.simulate(shape=(300, 4, 48, 64), seed=1)
    return recording, nt.ground_truth(recording)


def test_direction_map_recovers_the_simulated_direction(fish):
    recording, truth = fish
    found = nt.run(nt.DirectionTuning(kernel="GCaMP6s"), recording, preprocess=CHAIN)
    tuned = np.isfinite(truth["preferred_direction"].values)
    assert (found["p_fdr"].values[tuned] < 0.01).mean() > 0.95
    off = (found["preferred_direction"].values - truth["preferred_direction"].values + 180) % 360 - 180
    assert np.median(np.abs(off[tuned])) < 10
    others = truth["brain"].values & ~truth["is_cell"].values
    assert np.nanmedian(found["r_squared"].values[tuned]) > 5 * np.nanmedian(found["r_squared"].values[others])


def test_regression_on_swimming_finds_the_swim_cells(fish):
    recording, truth = fish
    analysis = nt.Regression(events_by=("direction",), signals=("swim",), kernel="GCaMP6s")
    found = nt.run(analysis, recording, preprocess=CHAIN)
    t = found["t"].sel(regressor="swim").values
    swims = truth["swim_weight"].values > 0
    quiet = truth["brain"].values & ~truth["is_cell"].values
    assert np.nanmedian(t[swims]) > 10
    assert abs(np.nanmedian(t[quiet])) < 1.5


def test_drift_is_taken_out(fish):
    recording, truth = fish
    on_drift = nt.Regression(design=pd.DataFrame({"drift": truth["drift"].values}))
    brain = truth["brain"].values
    raw, flat = (nt.run(on_drift, recording, preprocess=steps)["t"].values[0] for steps in ((), ("detrend order=2",)))
    assert np.nanmedian(raw[brain]) > 5
    assert abs(np.nanmedian(flat[brain])) < 0.5
