"""What a person types, understood or refused with a reason."""

from __future__ import annotations

import math

from napari_thunder.errors import ParameterError


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
