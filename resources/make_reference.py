"""Writes `resources/analyses.md`: every analysis and preprocessing step, from its docstring. `make docs` runs it."""

from __future__ import annotations

import inspect
import itertools
from pathlib import Path
from typing import Any

from napari_thunder.analysis.registry import analyses, steps

_HEAD = """# Every analysis and every preprocessing step

Made from the program itself by `make docs`. The name in `code` is the one of the command line
(`napari-thunder run NAME RECORDING --set parameter=value`, `--preprocess "NAME parameter=value"`); the class is in
`napari_thunder`. How well the numbers agree with other programs: [agreement.md](agreement.md). How near they come to
the truth: [accuracy.md](accuracy.md).
"""


def main() -> None:
    """Write the page beside this file."""
    found = analyses()
    lines = [_HEAD]
    for family, names in itertools.groupby(found, lambda name: found[name].family):
        listed = list(names)
        lines += [f"## {family}", "", *contents(found, listed), ""]
        lines += [chapter(name, found[name]) for name in listed]
    lines += ["## Preprocessing", "", *contents(steps(), list(steps())), ""]
    lines += [chapter(name, cls) for name, cls in steps().items()]
    (Path(__file__).parent / "analyses.md").write_text("\n".join(lines), "utf-8")


def contents(found: Any, names: list[str]) -> list[str]:
    """A table of names and what they do."""
    return ["| | | |", "|---|---|---|", *(f"| {found[n].title} | `{n}` | {found[n].summary} |" for n in names)]


def chapter(name: str, cls: Any) -> str:
    """The docstring of one, as it is."""
    return f"### {cls.title}: `{name}`, `{cls.__name__}`\n\n```text\n{inspect.cleandoc(cls.__doc__ or '')}\n```\n"


if __name__ == "__main__":
    main()
