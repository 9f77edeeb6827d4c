"""The baseline's maps say what ΔF/F divides by."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis import Baseline, DeltaFOverF
from tests.analysis.runner import compute, stepped

FORMS = [
    {},
    {"baseline": "mean", "offset": 3.0},
    {"baseline": "rolling", "window": 30, "percentile": 10},
    {"baseline": "maximin", "window": 30},
    {"baseline": "event", "before": 1},
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.get("baseline", "percentile"))
def test_f0_is_what_the_step_divides_by(tiny, series, form):
    found = compute(Baseline(**form), tiny, series)
    relative = stepped(DeltaFOverF(**form), tiny, series)
    offset = form.get("offset", 0)
    f0 = (series - offset * relative) / (1 + relative)  # solves relative = (series - f0) / (f0 + offset)
    np.testing.assert_allclose(found["f0"], f0.mean(axis=0), rtol=1e-9)
    assert not found["at_floor"].any()


def test_where_the_floor_is_hit_the_share_of_frames_says_so(tiny, series):
    series[:, 3] -= 99
    series[:, 5] -= 200
    for floor in (0.0, 10.0):
        found = compute(Baseline(floor=floor), tiny, series)["at_floor"]
        np.testing.assert_array_equal(found, [0, 0, 0, floor > 0, 0, 1, 0, 0, 0, 0, 0, 0])
    slope = np.linspace(-50, 150, 260)[:, None] + series * 0.01
    rolling = compute(Baseline(baseline="rolling", window=10, floor=50), tiny, slope)["at_floor"]
    np.testing.assert_allclose(rolling, 0.5, atol=0.05)
