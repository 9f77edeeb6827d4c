"""The design of the analysis that is prepared, before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.analysis.protocol import Context
from napari_thunder.analysis.registry import analyses, make_analysis, make_step
from napari_thunder.analysis.regression.shown_design import ShownDesign, design_of, has_design
from napari_thunder.errors import ThunderError
from napari_thunder.models.analyze.draft import ChainLink, Draft
from napari_thunder.models.background import Background
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.models.latest import Latest
from napari_thunder.models.words import in_window_words
from napari_thunder.pipeline import context_of
from napari_thunder.recording import Recording

Array = NDArray[Any]

_MOST_ROWS = 600
"""Of the picture; of more frames, means."""


@dataclass(frozen=True, slots=True, eq=False)
class DesignPicture:
    """A design as it is drawn.

    Parameters
    ----------
    design
        Its numbers, and what is to be said of them.
    shades
        (rows, regressors) each regressor divided by its largest absolute value; rows are means of frames.
    frames_per_row
        How many.
    """

    design: ShownDesign
    shades: Array = field(repr=False)
    frames_per_row: int

    def words_at(self, row: int, column: int) -> str:
        """What stands at a place: `direction=30 at 12 s: 0.83, variance inflation 1.2`."""
        design, frame = self.design, min(row * self.frames_per_row, len(self.design.frames) - 1)
        times = design.frame_times
        at = f"frame {design.frames[frame]}" if times is None else f"{times[frame]:.4g} s"
        vif = design.vif[column]
        inflated = f", variance inflation {vif:.3g}" if np.isfinite(vif) else ""
        return f"{design.names[column]} at {at}: {design.values[frame, column]:.3g}{inflated}"

    @property
    def summary(self) -> str:
        """`12 regressors × 240 frames · condition number 4.1 · largest variance inflation 1.2 (swim)`."""
        design = self.design
        n_frames, n = design.values.shape
        said = [f"{n} regressor{'' if n == 1 else 's'} × {n_frames} frames"]
        if np.isfinite(design.condition_number):
            said.append(f"condition number {design.condition_number:.3g}")
        if np.isfinite(design.vif).any():
            worst = int(np.nanargmax(design.vif))
            said.append(f"largest variance inflation {design.vif[worst]:.3g} ({design.names[worst]})")
        return " · ".join(said)


class ShownDesigns:
    """Keeps the picture of the design in step with what is prepared; made beside the window, the newest wins.

    `changed()` is emitted from any thread.

    Parameters
    ----------
    draft, datasets
        The analysis, and the recording whose events and signals it takes.

    Attributes
    ----------
    picture
        The design, or None where there is none, or none yet.
    trouble
        Why there is none yet; empty if that is not so.
    """

    changed = Signal()

    def __init__(self, draft: Draft, datasets: Datasets) -> None:
        self.picture: DesignPicture | None = None
        self.trouble = ""
        self._draft, self._datasets = draft, datasets
        self._background = Background("design")
        self._latest = Latest(self._background)
        draft.changed.connect(self.look_again)
        datasets.changed.connect(self.look_again)

    @property
    def has_design(self) -> bool:
        """Whether the analysis that is prepared works with a design."""
        return (
            self._draft.analysis in analyses()
            and self._draft.maps is None
            and has_design(analyses()[self._draft.analysis])
        )

    def look_again(self) -> None:
        """Make the picture of what is prepared now; returns at once."""
        current = self._datasets.current
        recording = None if current is None else current.recording
        draft = self._draft
        wanted = (draft.analysis, dict(draft.parameters), draft.chain) if self.has_design else None
        self._latest.ask(self._make, wanted, recording)

    def close(self, seconds: float = 0.5) -> None:
        """End in bounded time."""
        for signal in (self._draft.changed, self._datasets.changed):
            signal.disconnect(self.look_again, missing_ok=True)
        self._background.close(seconds)

    def _make(
        self, wanted: tuple[str, dict[str, Any], Sequence[ChainLink]] | None, recording: Recording | None
    ) -> None:
        picture, trouble = None, ""
        if wanted is not None and recording is None:
            trouble = "Open a recording under Data to see the design."
        elif wanted is not None and recording is not None:
            try:
                design = design_of(make_analysis(wanted[0], wanted[1]), _context_after(wanted[2], recording))
                picture = None if design is None else picture_of(design)
            except ThunderError as error:
                trouble = in_window_words(str(error))
        if not self._background.closed:
            self.picture, self.trouble = picture, trouble
            self.changed.emit()


def picture_of(design: ShownDesign) -> DesignPicture:
    """A design as it is drawn."""
    largest = np.abs(design.values).max(axis=0)
    shades = design.values / np.where(largest > 0, largest, 1)
    per_row = max(1, -(-len(shades) // _MOST_ROWS))
    starts = np.arange(0, len(shades), per_row)
    counts = np.diff(np.append(starts, len(shades)))
    means = np.add.reduceat(shades, starts, axis=0) / counts[:, None]
    return DesignPicture(design, means, per_row)


def _context_after(chain: Sequence[ChainLink], recording: Recording) -> Context:
    """What is known of the series after the preprocessing, which may leave other frames."""
    context = context_of(recording)
    for name, parameters in chain:
        after = getattr(make_step(name, parameters), "after", None)
        context = context if after is None else after(context)
    return context
