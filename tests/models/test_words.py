"""What the window says: in its own words, with the docs at hand, and findable."""

from __future__ import annotations

import pytest

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses, steps
from napari_thunder.models.analyze.docs import docs_html
from napari_thunder.models.analyze.finding import find_analyses
from napari_thunder.models.analyze.form import given_beside_defaults, what_is_wrong
from napari_thunder.models.words import in_window_words


@pytest.mark.parametrize(
    ("said", "in_words"),
    [
        (
            "fish: Regression: nothing to regress on. Give events_by= (columns of the events) or design= (a table).",
            "fish: Regression: nothing to regress on. Give “Events by” (columns of the events) or “Design” (a table).",
        ),
        (
            "fish: ΔF/F needs the times. Give frame_rate= (--frame-rate on the command line) in frames per second.",
            "fish: ΔF/F needs the times. Give “Frame rate” in frames per second.",
        ),
        ("DeltaFOverF: percentile=120.0 is above 100 %.", "ΔF/F: “Percentile” 120.0 is above 100 %."),
        ("Leave one out, or set intercept=False.", "Leave one out, or set “Intercept” off."),
        ("p = 0.05 and a=b stay.", "p = 0.05 and a=b stay."),
    ],
)
def test_messages_name_fields_as_the_window_does(said: str, in_words: str) -> None:
    assert in_window_words(said) == in_words


@pytest.mark.parametrize(
    ("typed", "first"), [("glm", "regression"), ("dir", "direction_tuning"), ("svd", "pca"), ("psth", "event_average")]
)
def test_an_analysis_is_found_by_what_it_is_called_elsewhere(typed: str, first: str) -> None:
    assert find_analyses(typed)[0] == first


def test_no_words_find_all_and_nonsense_none() -> None:
    assert set(find_analyses("  ")) == {*analyses(), "own_model"}
    assert find_analyses("regression xyzzy") == ()


def test_every_docstring_becomes_html_with_its_sections() -> None:
    for cls in (*analyses().values(), *steps().values()):
        assert f"<h2>{cls.title}</h2>" in docs_html(cls)
    html = docs_html(nt.Regression)
    for part in ("<h3>Sources</h3>", "<b>Events by</b>", "Good to know", "y = X β + e", "<h3>What it gives</h3>"):
        assert part in html
    assert "<b>Percentile (%), 0 to 100 %</b>" in docs_html(nt.DeltaFOverF)


def test_wrong_values_are_named_with_the_reason() -> None:
    recording = nt.Recording.from_array([[[[0.0]]], [[[1.0]]]])
    wrong = what_is_wrong(nt.PCA, {"n_components": 0, "standardize": True}, recording)
    assert wrong == {"n_components": "n_components=0 is below its least value 1."}
    assert what_is_wrong(nt.Regression, {"signals": ["tail"]}, recording) == {
        "signals": "This recording has no signal 'tail'."
    }


def test_only_what_differs_from_the_defaults_is_kept() -> None:
    filled = {"n_components": 5, "standardize": True}
    assert given_beside_defaults(nt.PCA, filled) == {"standardize": True}
    assert given_beside_defaults(nt.Regression, {"signals": [], "events_by": ()}) == {"events_by": ()}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("pca", "pca"),
        ("kmeans", "k_means"),
        ("rastermap", "raster_order"),
        ("retinotopy", "fourier"),
        ("python script", "own_model"),
    ],
)
def test_what_an_analysis_is_called_elsewhere_finds_it_first(text, first):
    assert find_analyses(text)[0] == first
