"""What is said of an analysis before it runs."""

from __future__ import annotations

from napari_thunder.analysis.registry import analyses
from napari_thunder.models.analyze.cautions import cautions_of


def test_p_of_ordinary_least_squares_is_warned_of_before_it_is_computed() -> None:
    regression = analyses()["regression"]
    assert "Do not read p as significance" in cautions_of(regression, {})[0]
    assert "9 % of voxels had p < 0.05" in cautions_of(regression, {"inference": "hac"})[0]
    assert cautions_of(regression, {"inference": "circular_shift"}) == ()
    assert cautions_of(regression, {"inference": "nonsense"}) == ()
