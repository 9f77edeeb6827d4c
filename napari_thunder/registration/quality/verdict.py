"""The verdict: one word, one line, and the reasons."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import xarray as xr

from napari_thunder.errors import ResultError

Word = Literal["good", "fair", "bad"]
WORDS: tuple[Word, ...] = ("good", "fair", "bad")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a registration is good.

    Parameters
    ----------
    word
        `good`, `fair` or `bad`.
    line
        One line for a person, such as "good: residual 0.08 voxel; 3 frames of 3000 to exclude".
    reasons
        What speaks for and against it, a sentence each, the weightiest first.
    """

    word: Word
    line: str
    reasons: tuple[str, ...] = ()

    def as_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"word": self.word, "line": self.line, "reasons": list(self.reasons)}


def verdict_of(dataset: xr.Dataset) -> Verdict:
    """The verdict in a dataset that `judge` made.

    Raises
    ------
    ResultError
        If there is none.
    """
    try:
        stored = json.loads(dataset.attrs["verdict"])
        return Verdict(stored["word"], stored["line"], tuple(stored["reasons"]))
    except (KeyError, TypeError, ValueError):
        raise ResultError(
            "This dataset holds no verdict on a registration. Judge the registration first: "
            "napari_thunder.judge(recording, registration)."
        ) from None
