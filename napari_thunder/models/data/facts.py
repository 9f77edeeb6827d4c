"""What there is to know of a recording and an engine, in the words of a window."""

from __future__ import annotations

import math

from napari_thunder.engine import CacheUse, EngineFacts
from napari_thunder.io.array import ArraySource
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.io.remote.address import is_address
from napari_thunder.io.source import recorded
from napari_thunder.recording import Recording


def size_line(recording: Recording) -> str:
    """`240 frames of 2 × 76 × 87 voxels, uint8, 3.2 MB`."""
    t, z, y, x = recording.shape
    frames = "features" if recording.features else "frames"
    return f"{t:,} {frames} of {z} × {y} × {x} voxels, {recording.dtype}, {bytes_text(recording.nbytes)}"


def duration_line(recording: Recording) -> str:
    """`4 min 0 s` from the first frame to the end of the last, or nothing if the times are not known."""
    seconds = recording_seconds(recording)
    return "" if seconds is None else time_text(seconds)


def recording_seconds(recording: Recording) -> float | None:
    """From the first frame to the end of the last, or None if the times are not known."""
    if recording.frame_times is None or recording.frame_rate is None:
        return None
    return float(recording.frame_times[-1] - recording.frame_times[0]) + 1 / recording.frame_rate


def events_line(recording: Recording) -> str:
    """`12 events by direction`, or nothing."""
    if recording.events is None:
        return ""
    columns = [str(c) for c in recording.events.columns if c not in ("start_time", "stop_time")]
    return f"{len(recording.events)} events" + (f" by {', '.join(columns)}" if columns else "")


def signals_line(recording: Recording) -> str:
    """`swimming, motor`, or nothing."""
    return "" if recording.signals is None else ", ".join(str(c) for c in recording.signals.columns)


def shape_text(recording: Recording) -> str:
    """`240×2×76×87`, in frames and voxels (t, z, y, x)."""
    return "×".join(str(n) for n in recording.shape)


def where_text(recording: Recording) -> str:
    """`memory`, `cluster`, `storage` or `this computer`: where its voxels are read from."""
    source = recorded(recording.source)
    if isinstance(source, ArraySource) or recording.uri.startswith("memory:"):
        return "memory"
    if isinstance(source, ElsewhereSource):
        return "cluster"
    return "storage" if is_address(recording.uri) else "this computer"


def where_line(recording: Recording) -> str:
    """The same and the path: `this computer: /data/fish`."""
    where = where_text(recording)
    if where == "storage":
        return recording.uri
    return "this computer's memory" if where == "memory" else f"{where}: {recording.uri}"


def excluded_line(recording: Recording) -> str:
    """`11 of 240`, or `none`."""
    n = len(recording.exclude_frames)
    return f"{n:,} of {recording.shape[0]:,}" if n else "none"


def motion_line(recording: Recording) -> str:
    """`undone as it is read: a shift for each frame, linear`, or nothing where it is read as it was recorded."""
    if recording.shifts is None:
        return ""
    each = {
        "rigid": "a shift for each frame",
        "planes": "a shift for each plane",
        "piecewise": "a field for each frame",
    }
    return f"undone as it is read: {each[recording.shifts.kind]}, {recording.interpolation}"


def mask_line(recording: Recording) -> str:
    """`brain, 12,345 voxels (38 %)`, or nothing."""
    mask = recording.mask
    if mask is None:
        return ""
    share = mask.n_voxels / math.prod(recording.shape[1:])
    return f"{mask.name}, {mask.n_voxels:,} voxels ({share:.0%})"


def cache_line(use: CacheUse) -> str:
    """`1.2 GB of 6 GB`."""
    return f"{bytes_text(use.used_bytes)} of {bytes_text(use.bound_bytes)}"


def versions_line(facts: EngineFacts) -> str:
    """`python 3.11.7, numpy 2.3`."""
    return ", ".join(f"{name} {version}" for name, version in facts.versions.items())


def cores_line(facts: EngineFacts) -> str:
    """`2 on this computer`."""
    return f"{facts.cores}" + (f" on {facts.detail}" if facts.detail else "")


def bytes_text(n: int) -> str:
    """`3.2 MB`."""
    value = float(n)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def time_text(seconds: float) -> str:
    """`12 s`, `4 min 10 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def rounded_time_text(seconds: float) -> str:
    """The same in steps that do not promise more than is known."""
    steps = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 480, 600, 900, 1200, 1800, 2700, 3600)
    nearest = min((s for s in steps), key=lambda s: abs(math.log(max(seconds, 0.5) / s)))
    if seconds > steps[-1]:
        nearest = round(seconds / 1800) * 1800
    return time_text(nearest).replace(".0 s", " s").replace(" min 0 s", " min").replace(" h 0 min", " h")
