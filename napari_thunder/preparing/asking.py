"""Having one of the workers do something, as only they may see the store's disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from napari_thunder.blocks import Block
from napari_thunder.engine import Engine, Job
from napari_thunder.io.storing.errands import Errand
from napari_thunder.recording import Recording

_ONE_VOXEL = Block(0, (0, 1), (0, 0, 0), (1, 1, 1))


def ask(engine: Engine, recording: Recording, task: Callable[[], dict[str, Any]], job: Job) -> dict[str, Any]:
    """What came of a task that was done once where the recording is read."""
    with job.stage(job.fraction, job.fraction):
        ((_, answer),) = engine.map(Errand(task), recording, [_ONE_VOXEL], job, keep=False)
    said: dict[str, Any] = json.loads(answer["said"].tobytes())
    return said
