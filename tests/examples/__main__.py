"""`python -m tests.examples`: the table of every analysis, its oracles, and threads against Spark."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses, step_text, steps
from napari_thunder.regions import Region, region_of_mask
from napari_thunder.registration.shifts import Shifts
from tests.examples import CASES, MOVING, ON_FISH, STEPS

_HEAD = """# Every number against another program's

Made by `python -m tests.examples`; `make test` holds every line. The difference is the largest one, relative to the
size of the numbers. Threads against Spark: the largest difference of any map or curve on a simulated zebrafish,
relative to the largest value of that map or curve.

| analysis or step | oracle | case | largest difference | held below |
|---|---|---|---|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("resources/agreement.md"))
    parser.add_argument("--without-spark", action="store_true")
    options = parser.parse_args()
    text = _HEAD + "\n".join(oracles())
    if not options.without_spark:
        text += "\n\n| analysis or step | threads against Spark |\n|---|---|\n" + "\n".join(engines())
    options.output.write_text(text + "\n", "utf-8")


def oracles() -> list[str]:
    """A line for each case, by name."""
    return [
        f"| {case.name} | {case.oracle} | {case.case} | {case.difference():.1e} | {case.bound:.0e} |"
        for case in sorted(CASES, key=lambda case: case.name)
    ]


def engines() -> list[str]:
    """A line for each analysis and step."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(nt.connect("threads")) as threads,
        closing(nt.connect("spark")) as spark,
    ):
        fish = nt.simulate(Path(folder) / "fish.zarr", shape=(160, 4, 40, 64), seed=5).without_frames([3, 90, 91])
        regions = six_regions(fish.shape[1:])
        runs: dict[str, tuple[Any, list[str]]] = {
            name: (cls(**ON_FISH.get(name, {})), ["delta_f_over_f percentile=20"]) for name, cls in analyses().items()
        }
        for name, cls in steps().items():
            runs[name] = nt.SummaryImages(), [step_text(cls(**STEPS.get(name, {})))]
        lines = []
        for name, (analysis, chain) in runs.items():
            seen = undone(fish) if name in MOVING else fish
            here, there = (
                nt.run(analysis, seen, engine=engine, preprocess=chain, regions=regions) for engine in (threads, spark)
            )
            lines.append(f"| {name} | {difference(here, there):.1e} |")
        return lines


def difference(here: Any, there: Any) -> float:
    """The largest of any variable, relative to the largest value of that."""
    found = [0.0]
    for name, variable in here.data_vars.items():
        a, b = (np.asarray(v, np.float64) for v in (variable.values, there[name].values))
        assert (np.isnan(a) == np.isnan(b)).all()
        scale = float(np.nanmax(np.abs(a), initial=0.0)) or 1.0
        found.append(float(np.nanmax(np.abs(a - b), initial=0.0)) / scale)
    return max(found)


def undone(recording: nt.Recording) -> nt.Recording:
    """A recording with motion of less than half a voxel undone, which it does not have."""
    n_frames, *space = recording.shape
    moved = np.random.default_rng(7).uniform(-0.5, 0.5, (n_frames, 3))
    return recording.registered(Shifts.rigid(moved, space))


def six_regions(space: tuple[int, ...]) -> list[Region]:
    """Small ones, side by side along x."""
    found = []
    for i in range(6):
        mask = np.zeros(space, bool)
        mask[1:3, 15:25, 10 + 7 * i : 16 + 7 * i] = True
        found.append(region_of_mask(mask, f"region {i + 1}", "#ff0000"))
    return found


if __name__ == "__main__":
    main()
