"""What frames are registered to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import RegistrationError
from napari_thunder.io.averaged import mean_of
from napari_thunder.recording import Recording
from napari_thunder.result import is_result, load_result


class ReferenceKind(StrEnum):
    """Where the picture comes from that frames are compared with."""

    ROBUST = "robust"
    FRAMES = "frames"
    VIEW = "view"
    STACK = "stack"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Reference:
    """What frames are registered to.

    Parameters
    ----------
    kind
        A robust template of the recording itself; the mean of chosen frames, or of those around the one that is shown;
        an anatomy stack or another recording; or the same kind of template of a second channel, which is looked at in
        place of the recording.
    frames
        First chosen frame, and the one after the last.
    path
        Of the stack, the other recording or the second channel.
    """

    kind: ReferenceKind = ReferenceKind.ROBUST
    frames: tuple[int, int] = (0, 100)
    path: str = ""

    @property
    def title(self) -> str:
        """In words: `the mean of frames 10 to 39`."""
        name = PurePath(self.path.rstrip("/")).name
        words = {
            ReferenceKind.ROBUST: "a robust template",
            ReferenceKind.FRAMES: f"the mean of frames {self.frames[0]} to {self.frames[1] - 1}",
            ReferenceKind.VIEW: "the mean of the frames in view",
            ReferenceKind.STACK: name,
            ReferenceKind.CHANNEL: f"what is seen in {name}",
        }
        return words[self.kind]

    def why_not(self, recording: Recording) -> str:
        """What is still missing or wrong, as the next step to take; empty when nothing is."""
        if self.kind in (ReferenceKind.STACK, ReferenceKind.CHANNEL) and not self.path:
            what = "anatomy stack or recording" if self.kind is ReferenceKind.STACK else "second channel"
            return f"Choose the file of the {what} to register to."
        start, stop = self.frames
        if self.kind is ReferenceKind.FRAMES and not 0 <= start < stop <= recording.shape[0]:
            return f"Choose frames between 0 and {recording.shape[0] - 1} to register to."
        return ""


Opens = Callable[..., Recording]


def looked_up(
    reference: Reference, recording: Recording, engine: Engine, open_recording: Opens, job: Job
) -> dict[str, Any]:
    """The reference as `napari_thunder.register` takes it (`template`, `by`); reads what it has to.

    Raises
    ------
    ThunderError
        If a file is not there, or does not fit the recording.
    """
    if why_not := reference.why_not(recording):
        raise RegistrationError(why_not)
    if reference.kind in (ReferenceKind.FRAMES, ReferenceKind.VIEW):
        return {"template": mean_of_frames(recording, reference.frames, engine, job)}
    if reference.kind is ReferenceKind.STACK:
        of_a_registration = is_result(reference.path)
        return {"template": reference.path if of_a_registration else open_recording(reference.path, job=job)}
    if reference.kind is ReferenceKind.CHANNEL:
        return {"by": open_recording(reference.path, job=job).raw}
    return {}


def template_in(path: str, recording: Recording) -> NDArray[np.float32]:
    """The template (z, y, x) of a saved registration, if it fits a recording.

    Raises
    ------
    ThunderError
        If there is none, or it does not fit.
    """
    template = load_result(path).get("template")
    if template is None or template.shape != recording.shape[1:]:
        raise RegistrationError(
            f"{path}: has no template of {' × '.join(map(str, recording.shape[1:]))} voxels (z, y, x) to register to."
        )
    return np.asarray(template.values, np.float32)


def mean_of_frames(recording: Recording, frames: tuple[int, int], engine: Engine, job: Job) -> NDArray[np.float32]:
    """Mean (z, y, x) of the frames that are not excluded.

    Raises
    ------
    RegistrationError
        If all of them are.
    """
    kept = [t for t in range(*frames) if recording.keep[t]]
    if not kept:
        raise RegistrationError(
            f"{recording.name}: frames {frames[0]} to {frames[1] - 1} are all excluded. Choose others to register to."
        )
    return mean_of((volume for _, volume in engine.read(recording, kept, job)), recording.shape[1:])
