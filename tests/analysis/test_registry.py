"""Analyses and steps are found by name, and steps are written as text."""

from __future__ import annotations

import pytest

import napari_thunder
from napari_thunder.analysis import PCA, DeltaFOverF, Detrend, DirectionTuning, Regression, ZScore
from napari_thunder.analysis.registry import analyses, make_analysis, parse_step, step_text, steps
from napari_thunder.errors import ParameterError


def test_every_public_name_of_an_analysis_or_step_is_found():
    import napari_thunder.analysis as package

    found = {cls.__name__ for cls in (*analyses().values(), *steps().values())}
    assert found == set(package.__all__)
    assert found <= set(napari_thunder.__all__)


@pytest.mark.parametrize("name", ["Regression", "regression", " REGRESSION "])
def test_the_case_of_a_name_does_not_matter(name):
    assert make_analysis(name, {"events_by": "direction", "intercept": "no"}) == Regression(
        events_by=("direction",), intercept=False
    )


def test_class_names_and_snake_case_are_the_same():
    assert make_analysis("DirectionTuning", {}) == make_analysis("direction-tuning", {}) == DirectionTuning()
    assert make_analysis("PCA", {"n_components": "2"}) == PCA(2)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("delta_f_over_f percentile=20 offset=0.1", DeltaFOverF(percentile=20, offset=0.1)),
        ("DeltaFOverF baseline=rolling window=30", DeltaFOverF(baseline="rolling", window=30)),
        ("detrend method=cosine 'period=128' keep=nothing", Detrend("cosine", period=128, keep="nothing")),
        ("zscore", ZScore()),
        (ZScore(), ZScore()),
    ],
)
def test_steps_are_written_as_text(text, step):
    assert parse_step(text) == step
    assert parse_step(step_text(step)) == step


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("delta_f", "no preprocessing step 'delta_f'. Did you mean 'delta_f_over_f'"),
        ("detrend order", "'order' is not parameter=value"),
        ("detrend order = 2", "'=' is not parameter=value|'order' is not parameter=value"),
        ("detrend power=2", "Detrend has no parameter 'power'"),
        ("detrend order=0", "order=0 is below its least value 1"),
        ("detrend 'order=1", "No closing quotation"),
        ("", "step is missing. There is: .*detrend"),
    ],
)
def test_a_wrong_step_is_refused_in_words(text, message):
    with pytest.raises(ParameterError, match=message):
        parse_step(text)


def test_an_unknown_analysis_is_refused_in_words():
    with pytest.raises(ParameterError, match=r"no analysis 'regresion'. Did you mean 'regression'\? There is: "):
        make_analysis("regresion", {})
