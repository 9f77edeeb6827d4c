"""The verdict: one word, one line, and the reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari_thunder.errors import ResultError

if TYPE_CHECKING:
    import xarray as xr

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


@dataclass(frozen=True, slots=True)
class Limits:
    """Where good ends and bad begins.

    What decides is where things are: naive measures (correlation, tSNR, DVARS) improve by blurring alone.

    Parameters
    ----------
    residual
        Voxels that still move: the mean PC shift, or the residual between both halves, whichever is larger. Up to the
        first good, up to the second fair. (A jitter of half a voxel is the field's usual bound.)
    outliers
        Share of frames to exclude. Above the second the registration failed, as suite2p warns.
    valid
        Share of the volume that stays in view; below the first fair, below the second bad. (The field asks for 0.9 of
        a plane. A volume that moves along z at all loses its outermost planes, a third of a stack of six, and no better
        registration would bring them back.)
    worse
        Voxels by which the residual may be above that of the raw movie before the registration made things worse.
    half_split
        Correlation of the means of both halves over that of even and odd frames, below which they differ.
    """

    residual: tuple[float, float] = (0.25, 0.75)
    outliers: tuple[float, float] = (0.1, 0.5)
    valid: tuple[float, float] = (0.5, 0.2)
    worse: float = 0.1
    half_split: float = 0.99


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on; NaN where it could not be measured.

    Parameters
    ----------
    pc_shift, raw_pc_shift
        Mean over the components of the registered and of the raw movie, voxels.
    floor
        What noise alone gives, voxels.
    half_residual
        Between both halves of the registered movie, voxels.
    half_split
        Correlation of both halves' means over that of even and odd frames.
    valid
        Share of the volume in view in every frame.
    n_frames, n_outliers
        Kept frames, and how many of them are outliers.
    epochs
        Name of each epoch, and how far its mean lies from that of the other frames, voxels.
    """

    pc_shift: float
    raw_pc_shift: float
    floor: float
    half_residual: float
    half_split: float
    valid: float
    n_frames: int
    n_outliers: int
    epochs: tuple[tuple[str, float], ...] = ()

    @property
    def residual(self) -> float:
        """Voxels that still move."""
        known = [v for v in (self.pc_shift, self.half_residual) if math.isfinite(v)]
        return max(known) if known else math.nan


Finding = tuple[Word, str]


def decide(evidence: Evidence, limits: Limits = LIMITS) -> Verdict:
    """The verdict on what was measured: as bad as the worst of its findings."""
    kinds = (_of_residual, _of_epochs, _of_frames, _of_view)
    findings = [finding for kind in kinds for finding in kind(evidence, limits)]
    findings.sort(key=lambda finding: -WORDS.index(finding[0]))
    word = findings[0][0]
    against = "" if word == "good" else f"; {findings[0][1][0].lower()}{findings[0][1][1:-1]}"
    size = f"residual {evidence.residual:.2f} voxel" if math.isfinite(evidence.residual) else "residual not measured"
    exclude = f"{evidence.n_outliers} frame{'s' * (evidence.n_outliers != 1)} of {evidence.n_frames} to exclude"
    return Verdict(word, f"{word}: {size}; {exclude}{against}", tuple(sentence for _, sentence in findings))


def word_for(residual: float, limits: Limits = LIMITS) -> Word:
    """The word for a residual in voxels; fair if it could not be measured."""
    good, fair = limits.residual
    return (
        "fair" if not math.isfinite(residual) else "good" if residual <= good else "fair" if residual <= fair else "bad"
    )


def _of_residual(e: Evidence, limits: Limits) -> Iterator[Finding]:
    if not math.isfinite(e.pc_shift):
        yield "fair", "Too few frames to tell by principal components whether anything still moves."
    else:
        where = "Between the extremes of the strongest patterns the picture moves"
        yield word_for(e.pc_shift, limits), f"{where} {e.pc_shift:.2f} voxel (raw: {e.raw_pc_shift:.2f})."
        if e.floor > limits.residual[0]:
            yield "fair", f"Noise alone gives {e.floor:.2f} voxel: the recording is too noisy or short to tell more."
        if e.pc_shift > e.raw_pc_shift + limits.worse:
            yield "bad", "The picture moves more than before: the registration made it worse."
        elif e.raw_pc_shift <= limits.residual[0]:
            yield "good", "The raw movie hardly moved to begin with."
    if math.isfinite(e.half_residual):
        where = "From the first half to the second, blocks of the picture moved up to"
        yield word_for(e.half_residual, limits), f"{where} {e.half_residual:.2f} voxel."
    if e.half_split < limits.half_split:
        yield "fair", f"The two halves differ more than even and odd frames do (correlation × {e.half_split:.3f})."


def _of_epochs(e: Evidence, limits: Limits) -> Iterator[Finding]:
    known = [(shift, name) for name, shift in e.epochs if math.isfinite(shift)]
    if known:
        shift, name = max(known)
        yield word_for(shift, limits), f"In “{name}” the picture lies {shift:.2f} voxel from that of the other frames."


def _of_frames(e: Evidence, limits: Limits) -> Iterator[Finding]:
    share = e.n_outliers / max(1, e.n_frames)
    fair, bad = limits.outliers
    if share > bad:
        yield "bad", f"{share:.0%} of the frames are outliers: the registration failed."
    elif share > fair:
        yield "fair", f"{share:.0%} of the frames are outliers."
    elif e.n_outliers:
        yield "good", f"{e.n_outliers} of {e.n_frames} frames are outliers and should be excluded."


def _of_view(e: Evidence, limits: Limits) -> Iterator[Finding]:
    fair, bad = limits.valid
    word: Word = "bad" if e.valid < bad else "fair" if e.valid < fair else "good"
    yield word, f"{e.valid:.0%} of the volume is in view in every frame."


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
