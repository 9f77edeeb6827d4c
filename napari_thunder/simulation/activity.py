"""What each cell does, in ΔF/F."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.events import Kernel, event_regressors
from napari_thunder.simulation.anatomy import CEREBELLUM, DIENCEPHALON, FOREBRAIN, HINDBRAIN, TECTUM, Cells
from napari_thunder.simulation.behaviour import frame_times, make_events, make_swim
from napari_thunder.simulation.settings import STREAM_SPONTANEOUS, STREAM_TRIALS, STREAM_TUNING, Settings

Floats = NDArray[np.float32]

CONCENTRATION = 2.0
"""κ of the tuning curves: amplitude · exp(κ (cos(θ - preferred) - 1))."""

_TUNED = {FOREBRAIN: 0.04, DIENCEPHALON: 0.15, TECTUM: 0.55, CEREBELLUM: 0.15, HINDBRAIN: 0.45}
_SWIMMING = {FOREBRAIN: 0.02, DIENCEPHALON: 0.08, TECTUM: 0.02, CEREBELLUM: 0.45, HINDBRAIN: 0.25}
_SPONTANEOUS_PER_SECOND = 0.02
_SEGMENT = 64


@dataclass(frozen=True, slots=True)
class Tuning:
    """What cells answer to: preferred direction (n,) in degrees, and peak ΔF/F to it and to a swim bout of vigour 1."""

    preferred: Floats
    direction: Floats
    swim: Floats


@dataclass(frozen=True, slots=True)
class Activity:
    """ΔF/F of all cells as a function of time.

    `tuned` (n, directions + 1) weighs `drive` (directions + 1, t), whose last row is swimming.
    """

    settings: Settings
    tuning: Tuning
    tuned: Floats
    drive: Floats
    n_cells: int

    def __call__(self, t0: int, t1: int) -> Floats:
        """ΔF/F (t, cells) of the frames from t0 to before t1, the same however they are asked for."""
        return np.asarray(self.drive[:, t0:t1].T @ self.tuned.T, np.float32) + self._spontaneous(t0, t1)

    def _spontaneous(self, t0: int, t1: int) -> Floats:
        answer = _impulse_answer(self.settings)
        total = np.zeros((t1 - t0, self.n_cells), np.float32)
        for segment in range(max(0, t0 - len(answer)) // _SEGMENT, (t1 - 1) // _SEGMENT + 1):
            frame, cell, size = _bursts(self.settings, self.n_cells, segment)
            for lag, value in enumerate(answer):
                shown = frame + lag - t0
                here = (shown >= 0) & (shown < t1 - t0)
                np.add.at(total, (shown[here], cell[here]), size[here] * value)
        return total


def build_activity(settings: Settings, cells: Cells) -> Activity:
    """Who answers to what, and when."""
    tuning = _tune(settings, cells)
    directions = np.arange(settings.n_directions) * 2 * np.pi / settings.n_directions
    away = directions[None, :] - np.radians(tuning.preferred)[:, None]
    curves = tuning.direction[:, None] * np.exp(CONCENTRATION * (np.cos(away) - 1))
    tuned = np.column_stack([np.nan_to_num(curves), tuning.swim]).astype(np.float32)
    drive = np.vstack([_direction_drive(settings), _swim_drive(settings)]).astype(np.float32)
    return Activity(settings, tuning, tuned, drive, len(cells.position))


def _tune(settings: Settings, cells: Cells) -> Tuning:
    rng = settings.rng(STREAM_TUNING)
    n = len(cells.position)
    draw, amplitude = rng.random(n), settings.activity * rng.lognormal(-0.25, 0.35, (2, n))
    tuned_share = _by_region(_TUNED, cells.region)
    tuned = draw < tuned_share
    swims = (draw >= tuned_share) & (draw < tuned_share + _by_region(_SWIMMING, cells.region))
    preferred = np.where(tuned, _preferred(cells, rng), np.nan)
    return Tuning(
        preferred.astype(np.float32),
        np.where(tuned, amplitude[0], 0).astype(np.float32),
        np.where(swims, amplitude[1], 0).astype(np.float32),
    )


def _by_region(shares: dict[int, float], region: NDArray[np.int8]) -> NDArray[np.float64]:
    table = np.zeros(max(shares) + 1)
    table[list(shares)] = list(shares.values())
    return table[region]


def _preferred(cells: Cells, rng: np.random.Generator) -> NDArray[np.float64]:
    """Degrees: a smooth map along the tectum, mirrored; 90 on one side of the hindbrain and 270 on the other."""
    _, y, x = cells.position.T
    side = np.where(y < 0, 1.0, -1.0)
    tectum = side * np.clip((x - 170) / 250, 0, 1) * 330 + 20 * rng.standard_normal(len(x)) * 0.4
    sideways = side * (90 + 15 * rng.standard_normal(len(x)))
    return np.asarray(np.mod(np.where(cells.region == TECTUM, tectum, sideways), 360))


def _direction_drive(settings: Settings) -> NDArray[np.float64]:
    """(directions, t): the indicator's answer to motion in each direction, a little different from trial to trial."""
    events, times = make_events(settings), frame_times(settings)
    drive = np.zeros((settings.n_directions, settings.n_frames))
    gain = 1 + 0.1 * settings.rng(STREAM_TRIALS, 1).standard_normal(len(events))
    for i in range(len(events)):
        trial = events.iloc[i : i + 1]
        which = round(float(trial["direction"].iloc[0]) * settings.n_directions / 360)
        drive[which] += gain[i] * event_regressors(trial, (), times, settings.kernel)["event"].to_numpy()
    return drive


def _swim_drive(settings: Settings) -> NDArray[np.float64]:
    return np.convolve(make_swim(settings), _impulse_answer(settings))[: settings.n_frames]


def _impulse_answer(settings: Settings) -> NDArray[np.float64]:
    """The indicator's answer to activity within one frame, at the middle of that frame and the next, its peak 1."""
    kernel, dt = settings.kernel, 1 / settings.frame_rate
    length = min(settings.n_frames, int(np.ceil(6 * kernel.decay / dt)) + 1)
    return _peak_one(kernel, (np.arange(length) + 0.5) * dt, dt)


def _peak_one(kernel: Kernel, middle: NDArray[np.floating], dt: float) -> NDArray[np.float64]:
    answer = kernel.step_response(middle) - kernel.step_response(middle - dt)
    return np.asarray(answer / answer.max())


def _bursts(
    settings: Settings, n_cells: int, segment: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Frame, cell and size in ΔF/F of what cells do of their own accord in a stretch of frames."""
    rng = settings.rng(STREAM_SPONTANEOUS, segment)
    n = int(rng.poisson(n_cells * _SPONTANEOUS_PER_SECOND * _SEGMENT / settings.frame_rate))
    frame = segment * _SEGMENT + rng.integers(0, _SEGMENT, n)
    return frame, rng.integers(0, max(1, n_cells), n), settings.activity * rng.lognormal(-0.8, 0.4, n)
