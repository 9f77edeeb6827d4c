"""From the parameters of an analysis to the fields of a form."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import Parameter, build, parameters
from napari_thunder.recording import Recording

_TIME_COLUMNS = ("start_time", "stop_time")


class FieldKind(StrEnum):
    """How a field is filled in."""

    CHECK = "check"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    NAMES = "names"
    WORDS = "words"
    NUMBERS = "numbers"
    TABLE = "table"


_KINDS = {
    "bool": FieldKind.CHECK,
    "int": FieldKind.INTEGER,
    "float": FieldKind.NUMBER,
    "str": FieldKind.TEXT,
    "list": FieldKind.NAMES,
    "numbers": FieldKind.NUMBERS,
    "table": FieldKind.TABLE,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form.

    Parameters
    ----------
    name
        Of the parameter.
    label
        Words, with the unit.
    kind
        How it is filled in.
    value
        What it holds at first; None is "left out".
    optional
        Whether it may be left out.
    choices
        What can be chosen, for `CHOICE` and `NAMES`.
    help
        One or two sentences, and the limits.
    hint
        What to do when there is nothing to choose.
    together
        A choice of its own that means "no names, but not left out": all events together.
    seldom
        Whether few people ever change it: how it is computed, rather than what.
    """

    name: str
    label: str
    kind: FieldKind
    value: Any
    optional: bool
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    hint: str = ""
    together: str = ""
    seldom: bool = False


def given_beside_defaults(cls: type, filled: Mapping[str, Any]) -> dict[str, Any]:
    """Of a filled form, what differs from the defaults."""
    defaults = {p.name: p.default for p in parameters(cls)}
    return {name: value for name, value in filled.items() if name in defaults and not _same(value, defaults[name])}


def what_is_wrong(cls: type, filled: Mapping[str, Any], recording: Recording | None = None) -> dict[str, str]:
    """Of a filled form, the reasons why fields cannot stay as they are, by name."""
    found: dict[str, str] = {}
    for p in parameters(cls):
        if p.name not in filled:
            continue
        try:
            build(cls, {p.name: filled[p.name]})
        except ParameterError as error:
            found[p.name] = str(error).partition(": ")[2]
            continue
        missing = _not_offered(p, filled[p.name], recording)
        if missing:
            found[p.name] = f"This recording has no {_WHAT[p.source]} {missing}."
    return found


def limits_text(p: Parameter) -> str:
    """`0 to 100 %`, `at least 1`, or nothing."""
    unit = f" {p.unit}" if p.unit else ""
    if p.minimum is not None and p.maximum is not None:
        return f"{p.minimum:g} to {p.maximum:g}{unit}"
    if p.minimum is not None:
        return "above 0" + unit if 0 < p.minimum < 1e-3 else f"at least {p.minimum:g}{unit}"
    return "" if p.maximum is None else f"at most {p.maximum:g}{unit}"


def form_fields(cls: type, recording: Recording | None = None, regions: Sequence[str] = ()) -> tuple[Field, ...]:
    """The form of a class of `parameter` fields, with what the recording, and names of regions, offer as choices."""
    return tuple(_field(p, recording, regions) for p in parameters(cls))


_SELDOM = frozenset({
    "seed", "tol", "max_iter", "max_passes", "n_init", "n_sample", "n_voxels", "n_nodes", "n_leaves", "most_rows",
    "resamples", "surrogates", "n_bootstrap", "gap", "folds", "n_folds", "level", "softening", "min_shift",
    "least_shift", "least_frames", "family_wise", "cluster_reach", "cluster_size", "cluster_p", "decay", "rise",
    "drift_period", "drift_order", "intercept", "standardize", "unique", "z", "solver", "shift", "contrast",
    "locality", "saturated_at", "floor_unit", "weighted_by", "largest_p", "overlap", "choose", "lags", "fir",
    "n_shifts", "design", "compare", "smoothing",
})  # fmt: skip
"""Of an analysis with many: how it is computed, or what goes beyond the usual question."""

_MANY = 6
"""So many fields are taken in at a glance."""


def seldom_changed(fields: Sequence[Field]) -> frozenset[str]:
    """Names of the fields of a long form that can be folded away."""
    return frozenset(field.name for field in fields if field.seldom) if len(fields) > _MANY else frozenset()


def _field(p: Parameter, recording: Recording | None, regions: Sequence[str]) -> Field:
    choices = p.choices or (tuple(regions) if p.source == "regions" else _offers(p.source, recording))
    kind = _KINDS[p.kind]
    if kind is FieldKind.NAMES and not p.source and not p.choices:
        kind = FieldKind.WORDS
    if choices and kind is FieldKind.TEXT:
        kind = FieldKind.CHOICE
    return Field(
        name=p.name,
        label=p.label,
        kind=kind,
        value=None if p.default is dataclasses.MISSING else p.default,
        optional=p.optional,
        help=_help(p),
        minimum=p.minimum,
        maximum=p.maximum,
        choices=tuple(choices),
        hint=_hint(p.source, choices, recording),
        together=_together(p, recording),
        seldom=p.name in _SELDOM and p.source == "",
    )


_WHAT = {"event columns": "event column", "signals": "signal"}


def _help(p: Parameter) -> str:
    limits = limits_text(p)
    return f"{p.help.rstrip('.')}. {limits[0].upper()}{limits[1:]}." if limits else p.help


def _not_offered(p: Parameter, value: Any, recording: Recording | None) -> str:
    """Names that were chosen on another recording and are not there on this one."""
    if recording is None or p.source not in _WHAT or not value:
        return ""
    if p.source == "event columns" and recording.events is None:
        return ""
    given = (value,) if isinstance(value, str) else tuple(value)
    return ", ".join(repr(str(name)) for name in given if name not in _offers(p.source, recording))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return tuple(a) == tuple(b)
    return type(a) is type(b) and bool(a == b)


def _together(p: Parameter, recording: Recording | None) -> str:
    events = p.optional and p.source == "event columns" and recording is not None and recording.events is not None
    return "all events together" if events else ""


def _offers(source: str, recording: Recording | None) -> tuple[str, ...]:
    if recording is None:
        return ()
    if source == "event columns" and recording.events is not None:
        return tuple(str(c) for c in recording.events.columns if c not in _TIME_COLUMNS)
    if source == "signals" and recording.signals is not None:
        return tuple(str(c) for c in recording.signals.columns)
    return ()


def _hint(source: str, choices: tuple[Any, ...], recording: Recording | None) -> str:
    if choices or not source:
        return ""
    if recording is None and source != "regions":
        return "What there is to choose comes with the recording."
    if source == "regions":
        return "There are no regions: draw them under ROIs."
    if source == "signals":
        return "This recording has no signals: give a signals file under Data."
    return "This recording has no events with further columns: give an events file under Data."
