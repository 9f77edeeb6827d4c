"""Events, behaviour and decoding: what is recovered of a simulated fish, and what is made of noise."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import napari_thunder as nt

_CHAIN = ("detrend order=2", "delta_f_over_f percentile=20")


@cache
def _fish() -> tuple[Any, Any]:
    """Eight directions, five times each."""
    recording = nt.simulate(shape=(640, 4, 48, 64), seed=1)
    return recording, nt.ground_truth(recording)


def _tuned(truth: Any) -> Any:
    return np.isfinite(truth["preferred_direction"].values)


def _quiet(truth: Any) -> Any:
    return truth["brain"].values & (truth["tuning_amplitude"].values == 0) & (truth["swim_weight"].values == 0)


def event_average() -> dict[str, float]:
    """The answer to the direction that is nearest to the preferred one, against the simulated amplitude."""
    recording, truth = _fish()
    found = nt.run(nt.EventAverage(("direction",), delay=1.5, duration=3.0), recording, preprocess=_CHAIN)
    tuned = _tuned(truth)
    directions = np.array([float(str(name).split("=")[1]) for name in found["condition"].values])
    preferred = truth["preferred_direction"].values[tuned]
    off = np.abs((directions[:, None] - preferred + 180) % 360 - 180)
    nearest = off.argmin(axis=0)
    response = found["response"].values[:, tuned]
    own = np.take_along_axis(response, nearest[None], 0)[0]
    amplitude = truth["tuning_amplitude"].values[tuned]
    best = found["response"].values.argmax(axis=0)[tuned]
    p = found["p"].values[:, _quiet(truth)]
    return {
        "correlation of response and simulated amplitude": float(np.corrcoef(own, amplitude)[0, 1]),
        "largest response within one step (45°) of the preferred direction": float(
            (np.take_along_axis(off, best[None], 0) < 46).mean()
        ),
        "voxels without an answer that have p < 0.05": float((p < 0.05).mean()),
    }


def voxel_decoding() -> dict[str, float]:
    """Accuracy of eight directions by single voxels; chance is 0.125."""
    recording, truth = _fish()
    found = nt.run(nt.VoxelDecoding(duration=4.0, delay=1.0), recording, preprocess=_CHAIN)
    accuracy, p = found["accuracy"].values, found["p"].values
    significant = found["p_fdr"].values < 0.05
    tuned, quiet = _tuned(truth), _quiet(truth)
    return {
        "chance": found.attrs["chance"],
        "median accuracy of tuned voxels": float(np.median(accuracy[tuned])),
        "median accuracy of voxels without an answer": float(np.median(accuracy[quiet])),
        "voxels without an answer that have p < 0.05": float((p[quiet] < 0.05).mean()),
        "tuned voxels found at 5 % false discoveries": float(significant[tuned].mean()),
        "false ones among those found": float(significant[quiet].sum() / max(1, significant[tuned | quiet].sum())),
    }


def population_decoding() -> dict[str, float]:
    """Accuracy of eight directions by the cells of a grid together, with trials as they were and shuffled."""
    recording, truth = _fish()
    analysis = nt.PopulationDecoding(cells=60.0, classifier="LDA", delay=1.0, duration=4.0, n_permutations=50)
    mask = truth["brain"].values
    found = nt.run(analysis, recording, preprocess=_CHAIN, mask=mask).attrs
    mixed = np.random.default_rng(0).permutation(recording.events["direction"].to_numpy())
    shuffled = recording.with_known(events=recording.events.assign(direction=mixed))
    noise = nt.run(analysis, shuffled, preprocess=_CHAIN, mask=mask).attrs
    return {
        "chance": found["chance"],
        "accuracy": found["accuracy"],
        "p": found["p"],
        "accuracy with directions shuffled": noise["accuracy"],
        "p with directions shuffled": noise["p"],
    }


def behaviour() -> dict[str, float]:
    """Tuning to swimming: found by circular shifts, and the sign of the modulation."""
    recording, truth = _fish()
    tuning = nt.FeatureTuning(("swim",), n_bins=3, least_frames=3, delay=1.0, n_shifts=400)
    found = nt.run(tuning, recording, preprocess=_CHAIN)
    modulation = nt.run(nt.BehaviourModulation("swim", threshold=0.01), recording, preprocess=_CHAIN)
    swims, quiet = truth["swim_weight"].values > 0, _quiet(truth)
    return {
        "swim voxels with p < 0.05 by circular shifts": float((found["p_shift"].values[swims] < 0.05).mean()),
        "voxels without an answer with p < 0.05 by circular shifts": float(
            (found["p_shift"].values[quiet] < 0.05).mean()
        ),
        "the same with frames counted as independent": float((found["p"].values[quiet] < 0.05).mean()),
        "swim voxels that are more active while swimming": float((modulation["modulation"].values[swims] > 0).mean()),
    }


FIGURES = {
    "event average": event_average,
    "voxel decoding": voxel_decoding,
    "population decoding": population_decoding,
    "behaviour": behaviour,
}
