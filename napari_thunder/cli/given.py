"""What is typed after an option, understood or refused with a reason."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_thunder.errors import ThunderError


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Names and values."""
    for pair in given:
        if "=" not in pair:
            raise ThunderError(f"{pair}: give NAME=VALUE.")
    return dict(pair.split("=", 1) for pair in given)


def shape(text: str) -> tuple[int, ...]:
    """Four whole numbers."""
    sizes = text.split(",")
    if len(sizes) != 4 or not all(n.strip().isdecimal() for n in sizes):
        raise argparse.ArgumentTypeError(f"{text}: give four whole numbers t,z,y,x")
    return tuple(map(int, sizes))


def numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between."""
    try:
        return tuple(float(n) for n in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: give three numbers z,y,x") from None


def times(path: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A text file with one number a line."""
    try:
        return np.loadtxt(path, np.float64, ndmin=1)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path}: not a text file with one number a line ({error})") from None


def frames(text: str) -> tuple[int, ...]:
    """Frames and spans of frames, such as `0,5-7`."""
    return tuple(frame for part in text.split(",") for frame in _span(part))


def _span(text: str) -> range:
    found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r}: give frames and spans of them from 0, such as 0,5-7")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise argparse.ArgumentTypeError(f"{text!r}: a span runs from the lower frame to the higher: {last}-{first}")
    return range(first, last + 1)
