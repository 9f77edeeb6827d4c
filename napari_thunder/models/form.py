"""From the parameters of an analysis to the fields of a form."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from napari_thunder.parameters import Parameter, parameters
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
        One or two sentences.
    hint
        What to do when there is nothing to choose.
    together
        A choice of its own that means "no names, but not left out": all events together.
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


def form_fields(cls: type, recording: Recording | None = None) -> tuple[Field, ...]:
    """The form of a class of `parameter` fields, with what the recording has to offer as choices."""
    return tuple(_field(p, recording) for p in parameters(cls))


def _field(p: Parameter, recording: Recording | None) -> Field:
    choices = p.choices or _offers(p.source, recording)
    kind = _KINDS[p.kind]
    if choices and kind is FieldKind.TEXT:
        kind = FieldKind.CHOICE
    return Field(
        name=p.name,
        label=p.label,
        kind=kind,
        value=None if p.default is dataclasses.MISSING else p.default,
        optional=p.optional,
        help=p.help,
        minimum=p.minimum,
        maximum=p.maximum,
        choices=tuple(choices),
        hint=_hint(p.source, choices, recording),
        together=_together(p, recording),
    )


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
    if recording is None:
        return "What there is to choose comes with the recording."
    if source == "signals":
        return "This recording has no signals: give a signals file above."
    return "This recording has no events with further columns: give an events file above."
