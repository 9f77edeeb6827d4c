"""What is said of an analysis before it runs."""

from __future__ import annotations

from napari_thunder.analysis.registry import analyses
from napari_thunder.models.analyze.cautions import LARGE, cautions_of


def test_p_of_ordinary_least_squares_is_warned_of_before_it_is_computed() -> None:
    regression = analyses()["regression"]
    assert "Do not read p as significance" in cautions_of(regression, {})[0]
    assert cautions_of(regression, {"inference": "circular_shift"}) == ()
    assert cautions_of(regression, {"inference": "nonsense"}) == ()


def test_what_takes_long_on_a_large_recording_says_why() -> None:
    k_means, regression, pca = (analyses()[name] for name in ("k_means", "regression", "pca"))
    assert cautions_of(k_means, {}, LARGE - 1) == ()
    assert "again and again" in cautions_of(k_means, {}, LARGE)[0]
    assert "for each shuffle" in cautions_of(regression, {"inference": "circular_shift"}, LARGE)[0]
    assert len(cautions_of(regression, {}, LARGE)) == 1
    assert cautions_of(pca, {}, LARGE) == ()
