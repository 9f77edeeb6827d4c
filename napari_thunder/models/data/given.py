"""What a person types, understood or refused with a reason."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from napari_thunder.errors import ParameterError

_SPAN = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+))?\s*")
_LARGEST_SPAN = 10_000_000


def positive_number_of(text: str, name: str, unit: str) -> float:
    """A positive number from text.

    Raises
    ------
    ParameterError
    """
    return numbers_of(text, 1, name, f"in {unit}")[0]


def numbers_of(text: str, count: int, name: str, meaning: str) -> tuple[float, ...]:
    """`count` positive numbers from text with commas, semicolons or spaces between.

    Raises
    ------
    ParameterError
    """
    words = text.replace(",", " ").replace(";", " ").split()
    wanted = f"{count} positive numbers {meaning}, with commas between" if count > 1 else f"a positive number {meaning}"
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError:
        raise ParameterError(f"{name}: {text.strip()!r} was not understood. Give {wanted}.") from None
    if len(numbers) != count or not all(math.isfinite(n) and n > 0 for n in numbers):
        raise ParameterError(f"{name}: {text.strip()!r} was given, but it takes {wanted}.")
    return numbers


def frames_of(text: str, name: str = "Excluded frames") -> tuple[int, ...]:
    """Frames from text such as `0-9, 57`; none from empty text.

    Raises
    ------
    ParameterError
    """
    frames: set[int] = set()
    for part in text.replace(";", ",").replace("–", "-").split(","):
        if not part.strip():
            continue
        found = _SPAN.fullmatch(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
        if last < first or last - first > _LARGEST_SPAN:
            raise ParameterError(
                f"{name}: {part.strip()!r} was not understood. Give frames and spans of frames, such as 0-9, 57."
            )
        frames.update(range(first, last + 1))
    return tuple(sorted(frames))


def frames_text(frames: Sequence[int]) -> str:
    """Frames as a person writes them: `0-9, 57`."""
    spans: list[list[int]] = []
    for frame in sorted(frames):
        if spans and frame == spans[-1][1] + 1:
            spans[-1][1] = frame
        else:
            spans.append([frame, frame])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
