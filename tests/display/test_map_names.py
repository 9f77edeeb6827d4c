"""Which variables of a result are maps to choose from."""

from __future__ import annotations

import numpy as np
import xarray as xr

from napari_thunder.display.maps import choices, map_names


def test_maps_that_are_gone_when_a_run_is_done_are_not_on_offer() -> None:
    space = ("z", "y", "x")
    passing = (space, np.zeros((1, 2, 3)), {"passing": True})
    result = xr.Dataset({"t": (space, np.zeros((1, 2, 3))), "shifts_above": passing, "vif": ("column", np.zeros(2))})
    assert map_names(result) == ["t"]
    assert [choice.variable for choice in choices(result)] == ["t"]
