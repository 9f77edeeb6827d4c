"""What a person should know of an analysis before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import build


def cautions_of(cls: type, given: Mapping[str, Any]) -> tuple[str, ...]:
    """What an analysis with these parameters says by its `cautions`; nothing for wrong ones."""
    try:
        made: Any = build(cls, given)
    except ParameterError:
        return ()
    return tuple(getattr(made, "cautions", ()))
