"""`python -m tests.truth`: measures every figure and writes `resources/accuracy.md`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.truth import Figure, figures

_HEAD = """# How near the analyses come to the truth

Measured on simulated recordings whose truth is known, by `python -m tests.truth`. The simulation is what this program
makes with `napari-thunder simulate`; real recordings are noisier and less well behaved.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help="only these")
    parser.add_argument("--output", type=Path, default=Path("resources/accuracy.md"))
    options = parser.parse_args()
    wanted = {name: of for name, of in figures().items() if not options.families or name in options.families}
    text = "\n".join([_HEAD, *(family(name, of) for name, of in wanted.items())])
    if options.families:
        print(text)
    else:
        options.output.write_text(text, "utf-8")


def family(name: str, of: dict[str, Figure]) -> str:
    """A heading and a table for each of its figures."""
    lines = [f"## {name.capitalize().replace('_', ' ')}", "", "| measured | number |", "|---|---|"]
    for what, measure in of.items():
        begun = time.perf_counter()
        numbers = measure()
        print(f"{name}: {what}: {time.perf_counter() - begun:.1f} s")
        lines += [f"| {what}: {words} | {value:.4g} |" for words, value in numbers.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
