"""The table of seconds and ratios, as it is printed and as it is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import napari_thunder as nt

_HEAD = """# How fast the analyses are

Made by `python -m tests.benchmarks --table resources/speed.md`, {minutes:.0f} minutes on {machine}.

Each analysis on {size} (a simulated zebrafish of {shape}), once everything has been read once: seconds on the threads
of one process and on an embedded Spark, and their ratio to the same answer by hand in numpy, scipy or scikit-learn, on
a movie that lies in memory, slab by slab on two threads
([tests/benchmarks/formulas](../tests/benchmarks/formulas)). What takes less than {long:.0f} s is run again, as is what
reads blocks with their neighbours, and the second run counts. That both give the same is held by
`tests/test_benchmarks.py`. Where the formula by hand takes hardly
any time (few small regions, a picture of a maximum), the ratio tells what a run costs at least: reading, provenance,
and on Spark a query.
"""


@dataclass(frozen=True)
class Row:
    """What was measured of an analysis or a step.

    Parameters
    ----------
    name
        Of it.
    by_hand
        Seconds.
    seconds
        By engine.
    share
        By hand one voxel of so many was computed, and the seconds scaled up.
    note
        What to know.
    """

    name: str
    by_hand: float
    seconds: Mapping[str, float] = field(default_factory=dict)
    share: int = 1
    note: str = ""

    def printed(self) -> str:
        """A line for a terminal."""
        hand = f"{'~' if self.share > 1 else ''}{self.by_hand:.2f}"
        each = "".join(f"{s:>10.2f}{s / self.by_hand:>8.2f}" for s in self.seconds.values())
        return f"{self.name:<28}{hand:>10}{each}"

    def markdown(self) -> str:
        """A line of a table."""
        hand = f"{'~ ' if self.share > 1 else ''}{self.by_hand:.2f}"
        each = " | ".join(f"{s:.2f} | {s / self.by_hand:.2f}" for s in self.seconds.values())
        scaled = f"by hand one voxel of {self.share}, scaled up" if self.share > 1 else ""
        return f"| {self.name} | {hand} | {each} | {'; '.join(filter(None, (self.note, scaled)))} |"


def heading(engines: list[str]) -> str:
    """Above the printed lines."""
    return f"{'second run, s':<28}{'by hand':>10}" + "".join(f"{name:>10}{'ratio':>8}" for name in engines)


def write(path: Path, recording: nt.Recording, parts: Mapping[str, list[Row]], minutes: float, long: float) -> None:
    """All rows as markdown, with what they were measured on."""
    shape = " × ".join(map(str, recording.shape))
    size = f"{recording.nbytes / 1e9:.2f} GB"
    text = _HEAD.format(minutes=minutes, machine=machine(), size=size, shape=f"{shape} {recording.dtype}", long=long)
    for title, rows in parts.items():
        if rows:
            text += f"\n## {title}\n\n" + _table(rows)
    path.write_text(text, "utf-8")


def _table(rows: list[Row]) -> str:
    engines = list(rows[0].seconds)
    head = "| | by hand, s | " + " | ".join(f"{name}, s | ratio" for name in engines) + " | |\n"
    return head + "|---|" + "---:|" * (1 + 2 * len(engines)) + "---|\n" + "\n".join(r.markdown() for r in rows) + "\n"


def machine() -> str:
    """Processor, and versions of what does the work."""
    names = [
        line.split(":", 1)[1].strip()
        for line in (Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ())
        if line.startswith("model name")
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "pyspark"))
    processor = names[0] if names else platform.machine()
    return f"{os.cpu_count()} cores ({processor}), Python {platform.python_version()}, {packages}"
