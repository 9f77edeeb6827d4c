"""Judging a registration."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Analysis
from napari_thunder.engine import Engine, Job
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.judging.case import Case, case_of
from napari_thunder.judging.components import StageFindings, stage_findings
from napari_thunder.judging.dataset import dataset_of
from napari_thunder.judging.measures import Measures, measures_of
from napari_thunder.judging.passes import look_at_all, sample_of
from napari_thunder.masks import MaskLike
from napari_thunder.pipeline import default_engine
from napari_thunder.provenance import Places, provenance_of
from napari_thunder.recording import Recording
from napari_thunder.registration.quality.outliers import REASONS, picture_outliers
from napari_thunder.registration.quality.settings import Quality
from napari_thunder.registration.quality.stages import REGISTERED, STAGES
from napari_thunder.registration.quality.verdict import Evidence, decide
from napari_thunder.registration.shifts import Shifts

_OF_ALL_FRAMES = 0.6
"""Share of the work that is the pass over all frames."""


def judge(
    recording: Recording,
    registration: Shifts | xr.Dataset | None = None,
    settings: Quality | None = None,
    *,
    epochs: pd.DataFrame | None = None,
    mask: MaskLike | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
) -> xr.Dataset:
    """Judge a registration by number.

    The raw movie, an interpolation-matched control (the raw movie through the same interpolator, half a voxel away)
    and the registered movie are measured side by side, inside the region that is in view in every frame: measures
    such as correlation and tSNR improve by blurring alone, so that only what the registration gains over the control
    counts. The verdict rests on where things are: PC shift, and the residual between both halves.

    Parameters
    ----------
    recording
        The recording as it was registered; shifts it has already are taken off.
    registration
        From `register`, or `Shifts`; of the recording itself if left out.
    settings
        How to judge.
    epochs
        A table with `start_time`, `stop_time` (s) and a column with the condition, to judge each condition for itself.
        Else `settings` may name a column of the recording's events, or a signal.
    mask
        Measure inside these voxels only: a `Region`, an array (z, y, x), or a file. The recording's own if left out.
    engine
        From `connect`; threads of this process when left out. The numbers are the same on any.
    job
        To watch and to cancel it.

    Returns
    -------
    xarray.Dataset
        As `CONTRACT` says; read its verdict with `verdict_of`.

    Raises
    ------
    ThunderError
        If the shifts are of another recording, or something that is asked for is missing.

    Notes
    -----
    Stringer & Pachitariu's suite2p (PC shift, bad frames), CaImAn (crispness, residual flow), Power et al. 2012
    (DVARS), AllenSDK (plane agreement).
    """
    engine = engine or default_engine()
    job = job or Job(f"judge {recording.name}")
    with job.running():
        case = case_of(recording, registration, settings or Quality(), epochs, mask)
        found = look_at_all(case, engine, job, _OF_ALL_FRAMES)
        with ONE_BLAS_THREAD:
            measures = measures_of(case, found)
        flags = case.flags | picture_outliers(
            case.traces.shift, measures.frame_corr[REGISTERED].astype(np.float64), case.recording.keep, case.settings
        )
        flags = {rule: flags[rule] for rule in REASONS}
        outlier = np.logical_or.reduce(list(flags.values()))
        sample = sample_of(case, case.usable)
        stages = [_findings(case, stage, sample, ~outlier, engine, job) for stage in range(len(STAGES))]
        dataset = dataset_of(case, found, measures, sample, stages, flags)
        dataset.attrs |= _verdict(case, measures, stages, outlier) | _reasons(flags)
        dataset.attrs["provenance"] = _provenance(case, engine, job)
    return dataset


def _findings(case: Case, stage: int, sample: Any, good: NDArray[np.bool_], engine: Engine, job: Job) -> StageFindings:
    share = (1 - _OF_ALL_FRAMES) / len(STAGES)
    start = _OF_ALL_FRAMES + share * stage
    with job.stage(start, start + share, f"looking for motion in the {STAGES[stage]} movie"):
        return stage_findings(case, stage, sample, good, engine, job)


def _verdict(case: Case, measures: Measures, stages: list[StageFindings], outlier: NDArray[np.bool_]) -> dict[str, Any]:
    registered, raw = (np.linalg.norm(stages[s].displacement, axis=1) for s in (REGISTERED, 0))
    verdict = decide(
        Evidence(
            pc_shift=_mean(registered),
            raw_pc_shift=_mean(raw),
            floor=stages[REGISTERED].floor,
            half_residual=float(measures.half_residual[REGISTERED]),
            half_split=float(measures.half_split[REGISTERED] / measures.odd_even[REGISTERED]),
            valid=measures.valid_fraction,
            n_frames=int(case.recording.keep.sum()),
            n_outliers=int(outlier.sum()),
            epochs=tuple(zip(case.epochs, np.linalg.norm(stages[REGISTERED].epochs, axis=1).tolist(), strict=True)),
        )
    )
    return {"verdict": json.dumps(verdict.as_plain(), ensure_ascii=False)}


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _reasons(flags: dict[str, NDArray[np.bool_]]) -> dict[str, Any]:
    frames = np.flatnonzero(np.logical_or.reduce(list(flags.values())))
    reasons = {str(t): [REASONS[rule] for rule, of_rule in flags.items() if of_rule[t]] for t in frames}
    return {
        "outlier_frames": [int(t) for t in frames],
        "outlier_reasons": json.dumps(reasons, ensure_ascii=False),
    }


def _provenance(case: Case, engine: Engine, job: Job) -> str:
    settings = cast("Analysis", case.settings)
    record = json.loads(provenance_of(settings, case.recording, (), Places(case.mask), engine, job))
    record["analysis"] = "registration_quality"
    record["registration"] = {
        "shifts": case.shifts.digest,
        "kind": case.shifts.kind,
        "path": case.shifts.path,
        "interpolation": case.interpolation,
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False)
