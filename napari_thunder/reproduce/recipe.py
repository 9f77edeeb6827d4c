"""What a recipe is, and what every kind of it asks of a provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_thunder.analysis.again import model_of
from napari_thunder.analysis.registry import analyses
from napari_thunder.errors import ResultError
from napari_thunder.parameters import Parameter, parameters
from napari_thunder.registration.settings import Registration

GONE = (
    "This result was made of a movie in memory, which no program can open again. Save the movie to a file, open that, "
    "and run the analysis anew."
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a result is made again.

    Parameters
    ----------
    text
        A Python program, or a command line.
    files
        What it needs beside the recording, written for it.
    """

    text: str
    files: tuple[Path, ...] = ()


class NeedsFolderError(ResultError):
    """There are files to be written, and no folder to write them to."""


def parameters_of(record: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """The parameters an analysis was run with.

    Raises
    ------
    ResultError
        If this version has no such analysis.
    """
    if model_of(record) is not None:
        return tuple(_own_parameter(name, value) for name, value in record["parameters"].items())
    cls = Registration if is_registration(record) else analyses().get(record["analysis"])
    if cls is None:
        raise ResultError(f"There is no analysis {record['analysis']!r} in this version of napari-thunder.")
    return tuple(p for p in parameters(cls) if p.name in record["parameters"])


def _own_parameter(name: str, value: Any) -> Parameter:
    """Of a model of the user's own, which is not run for this: what its value says."""
    kind = "list" if isinstance(value, list) else "str"
    return Parameter(name, kind, None, optional=False, help="")


def is_registration(record: Mapping[str, Any]) -> bool:
    """Whether this is how far frames moved.

    Raises
    ------
    ResultError
        If it is, but to a template or by a channel that no program can find again.
    """
    if record["analysis"] != "registration":
        return False
    if record.get("template") or record.get("by"):
        raise ResultError(
            "This registration was made with a template or a channel of its own, which it holds but no program names. "
            "Save it, and make it again with rerun (napari-thunder rerun)."
        )
    return True


def stem_of(record: Mapping[str, Any]) -> str:
    """How files of a result are called."""
    return str(record["analysis"])
