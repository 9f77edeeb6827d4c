"""What is written about an analysis or a step, as HTML for a window: no network needed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from napari_thunder.models.analyze.form import limits_text
from napari_thunder.parameters import parameters

_TITLES = {
    "Parameters": "Parameters",
    "Returns": "What it gives",
    "Raises": "When it cannot be done",
    "Notes": "Good to know",
    "References": "Sources",
}
_LISTED = ("Parameters", "Returns", "Raises")


def docs_html(cls: type) -> str:
    """The docstring of a class in the numpy convention, as HTML with headings, lists and formulas."""
    title = getattr(cls, "title", cls.__name__)
    parts = [f"<h2>{escape(title)}</h2>"]
    for heading, lines in _sections(inspect.getdoc(cls) or ""):
        if heading:
            parts.append(f"<h3>{_TITLES.get(heading, heading)}</h3>")
        labels = _labels(cls) if heading == "Parameters" else {}
        parts.append(_entries(lines, labels) if heading in _LISTED else _paragraphs(lines))
    return "\n".join(parts)


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Headings, underlined by dashes, and the lines below each."""
    lines = text.splitlines()
    starts = [i for i in range(len(lines) - 1) if lines[i].strip() and re.fullmatch(r"-{3,}", lines[i + 1].strip())]
    yield "", lines[: starts[0] if starts else len(lines)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start].strip(), lines[start + 2 : end]


def _labels(cls: type) -> dict[str, str]:
    """What the fields of a form are called, with their limits."""
    return {p.name: f"{p.label}{f', {limits}' if (limits := limits_text(p)) else ''}" for p in parameters(cls)}


def _entries(lines: Sequence[str], labels: Mapping[str, str]) -> str:
    """Names, each with what is indented below it."""
    html: list[str] = []
    below: list[str] = []
    loose: list[str] = []
    for line in [*lines, "end"]:
        if line.startswith(" ") and html:
            below.append(line.strip())
            continue
        if below:
            html.append(f"<dd>{_inline(' '.join(filter(None, below)))}</dd>")
            below = []
        if line.endswith("."):
            loose.append(line)
        elif line and line != "end":
            names = "; ".join(labels.get(name, name) for name in line.split(", ")) if labels else line
            html.append(f"<dt><b>{_inline(names)}</b></dt>")
    return f"<dl>{''.join(html)}</dl>{_paragraphs(loose)}"


def _paragraphs(lines: Sequence[str]) -> str:
    joined = "\n".join(lines).strip()
    blocks = filter(None, re.split(r"\n\s*\n", joined))
    return "".join(f"<p>{_inline(' '.join(block.split()))}</p>" for block in blocks)


def _inline(text: str) -> str:
    """Formulas and names between backquotes in a fixed-width font."""
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text, quote=False))
