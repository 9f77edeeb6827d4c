"""A first look at events and signals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_thunder.models.data.preview import envelope, likely_conditions


def events(**more: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"start_time": [0.0, 5, 10], "stop_time": [1.0, 6, 11], **more})


def test_the_column_with_repeated_values_tells_conditions() -> None:
    assert likely_conditions(events(trial=[1, 2, 3], side=["l", "r", "l"])) == "side"
    assert likely_conditions(events()) == ""


def test_an_envelope_keeps_every_peak() -> None:
    values = np.zeros(10_000)
    values[[17, 9_000]] = 5, -3
    values[:10] = np.nan
    low, high = envelope(values, 100)
    assert high.max() == 5
    assert low.min() == -3
    low, high = envelope(np.full(3, np.nan), 2)
    assert np.isnan(high).all()
