"""What the title of a tuning curve says."""

from __future__ import annotations

import numpy as np

from napari_thunder.traces.responses import TuningCurve
from napari_thunder.widgets.traces.tuning_plot import title_of


def curve(*mean: float, preferred: float | None, selectivity: float | None) -> TuningCurve:
    values = np.arange(len(mean)) * 90.0
    means = np.array(mean)
    n = np.ones(len(mean), int)
    return TuningCurve("direction", values, means, np.zeros_like(means), n, True, 360.0, preferred, selectivity)


def test_the_title_says_what_is_preferred() -> None:
    assert title_of(curve(1, 0, 0, 0, preferred=0.0, selectivity=1.0)) == "direction: 0°, selectivity 1.00"
    assert title_of(None) == "Tuning"


def test_the_title_says_why_a_circle_is_empty() -> None:
    empty = curve(-1, -0.5, np.nan, 0, preferred=None, selectivity=None)
    assert title_of(empty) == "direction: no response above baseline"
