"""Bring your own model: a function in a Python file as an analysis, with its signature for a form."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from napari_thunder.analysis.own.answers import Output
from napari_thunder.analysis.own.calling import Call
from napari_thunder.analysis.own.model_file import Function, ModelFile, load_functions, read_model_file
from napari_thunder.analysis.own.notes import Notes, notes_of
from napari_thunder.analysis.own.processes import own_maps
from napari_thunder.analysis.own.signature import could_be_model, fields_of, summary_of, wanted
from napari_thunder.analysis.own.trial import N_VOXELS, Tried, made_up, tried
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Sample
from napari_thunder.errors import ModelError
from napari_thunder.parameters import build, check, values

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FAMILY = "Own models"


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A function of yours as an analysis; made by `own_model`, which gives each function a class of its own.

    Attributes
    ----------
    file
        The text it is compiled from.
    function
        Its name there.
    """

    family: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    file: ClassVar[ModelFile]
    function: ClassVar[str]
    notes: ClassVar[Notes]

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Sample, Answer, MapStep]:
        """Tries the function on a few voxels, and then runs it on all."""
        context.need_frames(2, self.title)
        call = Call(self.file, self.function, _settings(self), _known(self, context))
        return self._steps(call, context)

    def to_plain(self) -> dict[str, str]:
        """Path, function and text, as a provenance holds them."""
        return {
            "path": self.file.path, "function": self.function, "digest": self.file.digest, "text": self.file.text
        }  # fmt: skip

    def _steps(self, call: Call, context: Context) -> Generator[Sample, Answer, MapStep]:
        sampled = yield Sample(N_VOXELS, title="trying the model on a few voxels")
        few = np.concatenate([sampled["series"], made_up(context.n_kept)], axis=1)[:, :N_VOXELS]
        found = tried(call, few, self.notes.per)
        return MapStep(
            tuple(_map(output, self.notes, found) for output in found.outputs),
            own_maps(call, found, int(np.prod(context.space))),
            {f"{o.name}_row": _labels(o, self.notes) for o in found.outputs if o.rows is not None},
            finish=partial(_with_warnings, warnings=found.warnings) if found.warnings else None,
        )


def own_model(path: str | Path, function: str = "", /, **settings: Any) -> OwnModel:
    """A function in a Python file of yours as an analysis, to be run like any other.

    The function takes a block of series, float64 (time, voxels), and gives back named maps: a dict of arrays (voxels,)
    or (k, voxels); or a tuple of arrays, or one. Or it takes the series of one voxel (time,), and gives numbers or
    arrays (k,) instead; it is then run on all cores. If it names `events` (the table), `signals` (a table with a row
    for each frame of the block) or `frame_times` (s, of each frame of the block) it is given them. Its further
    parameters need defaults: they become a form, options (`--set name=value`) and provenance.

    Only frames that are kept and voxels that vary and are finite throughout come to the function; the others are NaN in
    the maps. It should treat each voxel by itself, as it never knows which others a block has.

    This runs the file, once now and again wherever a block is computed. On a cluster the text of the file is sent; what
    it imports must be installed there.

    Parameters
    ----------
    path
        The file, `.py`.
    function
        Which of its functions; needed only if several could be meant. See `model` to mark one, name units and colours.
    **settings
        Parameters of the function.

    Returns
    -------
    OwnModel
        For `run`.

    Raises
    ------
    ModelError
        If the file cannot be read or run, with file, line and what stands there; if there is no such function; if a
        parameter has no default or a type for which there is no form.
    ParameterError
        For a setting that does not exist or cannot be understood.
    """
    return build(model_class(read_model_file(path), function), settings)


def model_names(file: ModelFile) -> tuple[str, ...]:
    """The functions of a file that could be models, in order: those that are marked, or else all that fit. Runs it.

    Raises
    ------
    ModelError
        If it cannot be run.
    """
    functions = load_functions(file)
    marked = [name for name, function in functions.items() if notes_of(function).marked]
    return tuple(marked or [name for name, function in functions.items() if could_be_model(function)])


@lru_cache(64)
def model_class(file: ModelFile, function: str = "") -> type[OwnModel]:
    """The class of an analysis made of a function; the same one for the same text. Runs the file.

    Raises
    ------
    ModelError
        As of `own_model`.
    """
    name = _chosen(file, function)
    called = load_functions(file)[name]
    notes = notes_of(called)
    summary = summary_of(called) or f"{name} of {file.name}"
    made = dataclasses.make_dataclass(
        "OwnModel",
        fields_of(called, file),
        bases=(OwnModel,),
        namespace={
            "family": FAMILY, "title": notes.title or name.replace("_", " ").capitalize(), "summary": summary,
            "file": file, "function": name, "notes": notes, "__doc__": _doc(called, file),
        },
        frozen=True,
        slots=True,
    )  # fmt: skip
    return cast("type[OwnModel]", made)


def _chosen(file: ModelFile, function: str) -> str:
    names = model_names(file)
    if function:
        if function not in load_functions(file):
            raise ModelError(f"{file.path}: there is no function {function!r}. There is: {', '.join(names) or 'none'}.")
        return function
    if not names:
        raise ModelError(
            f"{file.path}: there is no function that could be a model. Write one that takes a block of series "
            "(time, voxels), as in `def my_model(block, window=5):`, and returns a dict of named maps."
        )
    if len(names) > 1:
        raise ModelError(f"{file.path}: there are several functions: {', '.join(names)}. Say which one is meant.")
    return names[0]


def _doc(function: Function, file: ModelFile) -> str:
    said = (function.__doc__ or "").strip()
    where = f"`{function.__name__}` in {file.at(function.__code__.co_firstlineno)}"
    return f"{said}\n\n{where}" if said else f"{where}; it has no docstring."


def _settings(model: OwnModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in values(model)}


def _known(model: OwnModel, context: Context) -> dict[str, Any]:
    """What the function names of the recording.

    Raises
    ------
    MissingMetadataError
        If the recording does not have it.
    """
    asked: dict[str, Any] = {
        "events": lambda: context.need_events(model.title),
        "signals": lambda: _signals(context, model.title),
        "frame_times": lambda: context.need_frame_times(model.title)[context.keep],
    }
    return {name: asked[name]() for name in wanted(load_functions(model.file)[model.function])}


def _signals(context: Context, what: str) -> pd.DataFrame:
    from napari_thunder.events import sample_signals

    return sample_signals(context.need_signals(what), context.frame_times, context.n_frames)[context.keep]


def _map(output: Output, notes: Notes, found: Tried) -> Map:
    role = notes.roles.get(output.name, Role.SIGNED if output.name in found.signed else Role.VALUE)
    dims = () if output.rows is None else (f"{output.name}_row",)
    return Map(output.name, output.name.replace("_", " "), role, notes.units.get(output.name, "1"), dims)


def _labels(output: Output, notes: Notes) -> list[str]:
    given = notes.labels.get(output.name)
    if given is None:
        return [f"{output.name} {k}" for k in range(1, (output.rows or 0) + 1)]
    if len(given) != output.rows:
        raise ModelError(f"The map {output.name!r} has {output.rows} rows, but {len(given)} labels.")
    return list(given)


def _with_warnings(dataset: xr.Dataset, warnings: tuple[str, ...]) -> xr.Dataset:
    return dataset.assign_attrs(warnings=[*dataset.attrs.get("warnings", ()), *warnings])
