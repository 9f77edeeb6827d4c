"""Making simulated recordings, in memory or on disk."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_thunder.engine.job import Job
from napari_thunder.errors import ParameterError, RecordingError
from napari_thunder.events import KERNELS, Kernel
from napari_thunder.io.source import Metadata
from napari_thunder.recording import Recording, from_source
from napari_thunder.recording import open as open_recording
from napari_thunder.simulation.behaviour import frame_times, make_events, make_signals
from napari_thunder.simulation.movement import Motion
from napari_thunder.simulation.movie import Model, build_model, volumes
from napari_thunder.simulation.settings import Settings, fitting_voxel_size
from napari_thunder.simulation.source import SimulatedSource
from napari_thunder.simulation.truth import truth_of

if TYPE_CHECKING:
    import xarray as xr

_MOST_IN_MEMORY = 2 * 2**30
_BYTES_AT_ONCE = 64 * 2**20
_TRUTH = "truth"


def simulate(
    path: str | Path | None = None,
    shape: tuple[int, int, int, int] = (240, 12, 96, 160),
    seed: int = 0,
    *,
    frame_rate: float = 2.0,
    voxel_size: tuple[float, float, float] | None = None,
    n_directions: int = 8,
    kernel: Kernel = KERNELS["GCaMP6s"],
    noise: float = 1.0,
    drift: float = 0.1,
    motion: float | Motion = 0.0,
    activity: float = 1.0,
    dim_planes: tuple[int, ...] = (),
    job: Job | None = None,
) -> Recording:
    """Simulate a light-sheet recording of a larval zebrafish, with known answers.

    The fish lies along x, its nose at low x and its back at high z. It sees motion in several directions (column
    `direction` of the events, in degrees) and swims (signal `swim`). Cells prefer a direction (90° on the low-y side
    of the hindbrain, 270° on the other, a smooth mirrored map along the tectum), or answer to swimming, or only do
    things of their own accord. Light fades and waves slowly, cells answer through a calcium kernel, and photons and
    camera add noise (in the Gaussian limit of the Poisson distribution).

    Parameters
    ----------
    path
        Where to write it (OME-Zarr with a layout for time series), piece by piece, so that it may be larger than
        memory. None: held in memory, which is for small ones.
    shape
        (t, z, y, x) in frames and voxels.
    seed
        Same settings and seed, same voxels.
    frame_rate
        Frames per second.
    voxel_size
        (z, y, x) in µm; chosen so that the brain (220 × 450 × 860 µm) just fits if not given. Cells have about
        their real size (6 µm) and density, but never so small that the voxels could not tell them apart.
    n_directions
        Directions of motion, evenly spaced over 360°.
    kernel
        How the indicator answers.
    noise
        Strength of photon and camera noise; 1 is that of 2 counts a photon, 0 is none.
    drift
        Share of the light that bleaches over the recording, from 0 to below 1.
    motion
        How the brain moves. A number is short for `Motion(restless=number)`: wandering, jitter and jerks of this root
        mean square along each axis in µm. `Motion` has slow drift, jitter, jumps, twitches and bending besides.
    activity
        Strength of all activity; 1 is that of real cells (peaks of about 80 % ΔF/F), 0 is none.
    dim_planes
        Planes that give only a tenth of the light.
    job
        Watches, and can cancel.

    Returns
    -------
    Recording
        With voxel size, frame times, events and signals; see `ground_truth` for the answers.

    Raises
    ------
    ParameterError
        If a parameter is outside its limits, or a large recording has no path.
    RecordingError
        If there is something at `path` already, or the disk cannot be written. What was begun is removed again.
    """
    shape = _whole(shape)
    size = _fitting(shape) if voxel_size is None else _three(voxel_size)
    settings = Settings(
        shape, seed, frame_rate, size, n_directions, kernel, noise, drift, _motion(motion), activity, tuple(dim_planes)
    )
    job = job or Job("simulate")
    with job.running():
        return (
            _in_memory(settings, job) if path is None else _on_disk(settings, Path(path).expanduser().absolute(), job)
        )


def default_settings() -> Settings:
    """What `simulate` is given when nothing is given."""
    default = {name: p.default for name, p in signature(simulate).parameters.items() if name not in ("path", "job")}
    return Settings(**default | {"voxel_size": _fitting(default["shape"]), "motion": _motion(default["motion"])})


def ground_truth(recording: Recording | str | Path) -> xr.Dataset:
    """What is true of a simulated recording.

    Parameters
    ----------
    recording
        From `simulate`, or its path.

    Returns
    -------
    xarray.Dataset
        Maps (z, y, x): `baseline` (counts), `brain`, `region`, `cell` (number, 0 for none), `is_cell`,
        `preferred_direction` (degrees, NaN where no cell is tuned), `tuning_amplitude` and `swim_weight` (ΔF/F).
        Curves: `shift` (frame, axis) in voxels, the mean displacement of the brain, and `drift` (frame). If the brain
        bends: `shift_field` (frame, grid_z, grid_y, grid_x, axis) in voxels, `shift` included, at nodes with linear
        interpolation between them. Positive is towards higher coordinates: a frame is at v + shift what the brain at
        rest is at v. All maps are for the brain at rest, not as it moves.

    Raises
    ------
    RecordingError
        If the recording was not simulated.
    """
    if isinstance(recording, Recording):
        if isinstance(recording.source, SimulatedSource):
            return truth_of(build_model(recording.source.settings))
        return _stored_truth(Path(recording.uri))
    return _stored_truth(Path(recording).expanduser().absolute())


def _whole(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    if len(shape) != 4 or any(n != int(n) for n in shape):
        raise ParameterError(f"simulate: shape={tuple(shape)} must be four whole numbers (t, z, y, x) from 1 up.")
    t, z, y, x = (int(n) for n in shape)
    return t, z, y, x


def _motion(given: float | Motion) -> Motion:
    return given if isinstance(given, Motion) else Motion(restless=given)


def _three(size: tuple[float, ...]) -> tuple[float, float, float]:
    if len(size) != 3:
        raise ParameterError(f"simulate: voxel_size={tuple(size)} must be three positive numbers (z, y, x) in µm.")
    z, y, x = (float(v) for v in size)
    return z, y, x


def _fitting(shape: tuple[int, int, int, int]) -> tuple[float, float, float]:
    _, z, y, x = (max(1, n) for n in shape)
    return fitting_voxel_size((z, y, x))


def _in_memory(settings: Settings, job: Job) -> Recording:
    n_bytes = math.prod(settings.shape) * 2
    if n_bytes > _MOST_IN_MEMORY:
        raise ParameterError(
            f"simulate: {n_bytes / 2**30:.1f} GiB is too much to hold in memory. Give a path to write it to, "
            "for example simulate('fish.ome.zarr', shape=...)."
        )
    model = build_model(settings)
    movie = np.empty(settings.shape, np.uint16)
    for t0, t1 in _stretches(settings, job):
        movie[t0:t1] = volumes(model, t0, t1)
    known = Metadata(settings.voxel_size, frame_times(settings), make_signals(settings), make_events(settings))
    return from_source(SimulatedSource(movie, f"simulated zebrafish {settings.seed}", known, settings=settings))


def _on_disk(settings: Settings, path: Path, job: Job) -> Recording:
    from napari_thunder.io.store import create_store

    writer = create_store(path, settings.shape, np.uint16, settings.voxel_size, frame_times(settings))
    try:
        model = build_model(settings)
        for t0, t1 in _stretches(settings, job, writer.stretch):
            writer.write_volumes(t0, volumes(model, t0, t1))
        _store_truth(model, writer.folder)
        writer.finish(make_events(settings), make_signals(settings), {"simulation": settings.as_plain()})
    except BaseException:
        writer.discard()
        raise
    return open_recording(path)


def _stretches(settings: Settings, job: Job, longest: int = 2**31) -> Iterator[tuple[int, int]]:
    """Pieces of time that take little memory, none across the border of two of the store's stretches."""
    volume_bytes = math.prod(settings.space) * 2
    length = max(1, min(longest, _BYTES_AT_ONCE // volume_bytes))
    borders = range(0, settings.n_frames, min(longest, settings.n_frames))
    for border in borders:
        end = min(border + longest, settings.n_frames)
        for t0 in range(border, end, length):
            job.check()
            yield t0, min(t0 + length, end)
            job.advance(min(t0 + length, end) / settings.n_frames)


def _store_truth(model: Model, path: Path) -> None:
    import zarr

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=zarr.errors.ZarrUserWarning)
            truth_of(model).drop_vars("axis").to_zarr(path, group=_TRUTH, mode="a", consolidated=False, zarr_format=3)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written: {error.strerror or error}.") from error


def _stored_truth(path: Path) -> xr.Dataset:
    import xarray as xr

    if not (path / _TRUTH / "zarr.json").is_file():
        raise RecordingError(f"{path}: holds no ground truth; only recordings from simulate have it.")
    with xr.open_zarr(path, group=_TRUTH, consolidated=False) as stored:
        loaded: xr.Dataset = stored.load().assign_coords(axis=list("zyx"))
        return loaded
