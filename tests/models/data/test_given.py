"""What a person types."""

from __future__ import annotations

import pytest

from napari_thunder.errors import ParameterError
from napari_thunder.models.data.given import frames_of, frames_text


@pytest.mark.parametrize(
    ("text", "frames"),
    [("", ()), ("3", (3,)), ("0-3, 57", (0, 1, 2, 3, 57)), (" 5 - 6;2 ,", (2, 5, 6)), ("1-3,2-4", (1, 2, 3, 4))],
)
def test_frames_are_understood(text: str, frames: tuple[int, ...]) -> None:
    assert frames_of(text) == frames


@pytest.mark.parametrize("text", ["a", "9-0", "1-", "-4", "1 2", "0-99999999999"])
def test_what_is_no_frames_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="such as 0-9, 57"):
        frames_of(text)


def test_frames_are_written_as_they_are_read() -> None:
    assert frames_text((57, 0, 1, 2, 9, 10)) == "0-2, 9-10, 57"
    assert frames_text(()) == ""
