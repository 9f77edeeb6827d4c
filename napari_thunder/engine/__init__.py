"""Engines: where work runs. `connect` gives one by name; it is the same for the caller whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_thunder.engine.protocol import Answer, BlockFunction, CacheUse, Engine, EngineFacts, Merge
from napari_thunder.errors import EngineError

if TYPE_CHECKING:
    from napari_thunder.engine.job import Job, JobState

__all__ = ["Answer", "BlockFunction", "CacheUse", "Engine", "EngineFacts", "Job", "JobState", "Merge", "connect"]


def connect(name: str = "threads", job: Job | None = None) -> Engine:
    """Start or reach an engine.

    Parameters
    ----------
    name
        `threads` (this process), `spark` (Spark on this computer, started and stopped by us) or
        `sc://host:port` (a Spark Connect server). The token for a server comes from the environment variable
        `NAPARI_THUNDER_TOKEN` or the keyring (service `napari-thunder`, user `host:port`).
    job
        Shows how far starting is, and cancels it.

    Raises
    ------
    EngineError
        If there is no engine of that name, or it cannot be started or reached.
    JobCancelled
        If the job was cancelled meanwhile.
    """
    if name == "threads":
        from napari_thunder.engine.threads import ThreadsEngine

        return ThreadsEngine()
    if name == "spark":
        from napari_thunder.engine.spark import SparkEngine

        return SparkEngine.embedded(job)
    if name.startswith("sc://"):
        from napari_thunder.engine.spark import SparkEngine

        return SparkEngine.remote(name, job)
    raise EngineError(
        f"There is no engine {name!r}. There are: threads (this process), spark (Spark on this computer), "
        "and sc://host:port (a Spark Connect server)."
    )


def __getattr__(name: str) -> Any:
    """`Job` and `JobState` when they are first used: workers need neither, nor psygnal, which they rest on."""
    if name not in ("Job", "JobState"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from napari_thunder.engine import job

    return getattr(job, name)
