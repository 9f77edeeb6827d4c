"""What an analysis asks of the desk beside a recording."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Any

_OURS = "napari_thunder.analysis."
_SIGNS = frozenset({"need_regions", "regions"})


@cache
def asks_for_regions(cls: type) -> bool:
    """Whether an analysis may ask for the activity of regions: whether its plan, or what that calls, speaks of them."""
    seen: set[types.CodeType] = set()
    waiting = list(_functions(cls))
    while waiting:
        function = waiting.pop()
        if function.__code__ in seen:
            continue
        seen.add(function.__code__)
        names = set(_names(function.__code__))
        if names & _SIGNS:
            return True
        for name in names:
            thing = function.__globals__.get(name)
            if str(getattr(thing, "__module__", "")).startswith(_OURS) and not _is_of_protocol(thing):
                waiting.extend(_functions(thing))
    return False


def _functions(thing: Any) -> Iterator[types.FunctionType]:
    if isinstance(thing, types.FunctionType):
        yield thing
    elif isinstance(thing, type):
        for member in vars(thing).values():
            inner = getattr(member, "__func__", member)
            if isinstance(inner, types.FunctionType):
                yield inner


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def _is_of_protocol(thing: Any) -> bool:
    """The context itself knows regions, whoever asks it for something else."""
    return str(thing.__module__).endswith((".protocol", ".groups"))
