"""The analysis that a provenance names; code that it holds is never run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_thunder.analysis.own.model import model_class
from napari_thunder.analysis.own.model_file import ModelFile, read_model_file
from napari_thunder.analysis.protocol import Analysis
from napari_thunder.analysis.registry import make_analysis
from napari_thunder.errors import ResultError
from napari_thunder.parameters import build

OWN = "own_model"
"""What stands in a provenance for a model of the user's own."""


def model_of(record: Mapping[str, Any]) -> ModelFile | None:
    """The file of the user's that a result was made by, as text; None if it was made by an analysis of this package."""
    stored = record.get("model")
    return ModelFile(str(stored["path"]), str(stored["text"])) if stored else None


def analysis_again(record: Mapping[str, Any], model: str | Path | None = None) -> Analysis:
    """The analysis of a provenance record, with its parameters.

    Parameters
    ----------
    record
        As `read_provenance` gives it.
    model
        The file of a model of the user's own: whoever names it has it run.

    Raises
    ------
    ResultError
        If a file is needed and not given, or it is not what it was.
    """
    kept = model_of(record)
    if kept is None:
        return make_analysis(record["analysis"], record["parameters"])
    function = str(record["model"]["function"])
    if model is None:
        raise ResultError(
            f"This result was made by a model of your own, {function} in {kept.path}. Code that a result holds is not "
            'run by itself: name the file of the model, model="…" (--model FILE on the command line). Is it gone? '
            "Copy the result as Python, which writes it out; look at it before you run it."
        )
    file = read_model_file(model)
    if file.text != kept.text:
        raise ResultError(
            f"{file.path}: not the model that this result was made by; it was changed since, or is another one, so the "
            "numbers would not be the same. Run it anew if that is what you want."
        )
    return build(model_class(file, function), record["parameters"])
