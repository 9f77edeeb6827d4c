"""Comparisons of regression weights, written as text: `left - right`, `swim`, `up - down; left - right`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]

_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*\*?\s*")
_QUOTES = "'\"`"


@dataclass(frozen=True, slots=True)
class Contrast:
    """Combinations of weights that are tested to be 0, all at once.

    Parameters
    ----------
    name
        As it was written.
    rows
        (q, p) factors of the weights; one row is a t-test, several are an F-test.
    """

    name: str
    rows: Values

    @property
    def is_f(self) -> bool:
        """Whether several combinations are tested at once."""
        return len(self.rows) > 1


def parse_contrasts(
    texts: Sequence[str], names: Sequence[str], groups: Sequence[str], where: str
) -> tuple[Contrast, ...]:
    """Contrasts from text.

    Parameters
    ----------
    texts
        Each holds one contrast, or several with commas between. A contrast is a sum of regressors with signs and
        factors (`left - 0.5 right`, `2*swim`); `;` stands between several that are tested at once by F. The name of
        a group of regressors (an event column, a signal with lags, `motion`) tests all of it. A name may hold blanks,
        signs and commas of its own, and may stand in quotes.
    names
        Of the regressors (p,).
    groups
        (p,) what each belongs to.
    where
        What messages call the analysis.

    Raises
    ------
    AnalysisError
        If a name is not there, something is missing between names, or a contrast is 0 or tests the same twice.
    """
    text = ", ".join(texts)
    if not text.strip():
        return ()
    found = _Reader(text, tuple(names), tuple(groups), where).contrasts()
    for contrast in found:
        if np.linalg.matrix_rank(contrast.rows) < len(contrast.rows):
            same = "is 0 whatever the weights" if not contrast.is_f else "tests the same thing more than once"
            raise AnalysisError(f"{where}: contrasts: {contrast.name!r} {same}.")
    doubled = [c.name for i, c in enumerate(found) if c.name in {d.name for d in found[:i]}]
    if doubled:
        raise AnalysisError(f"{where}: contrasts: {doubled[0]!r} is there twice. Leave one out.")
    return found


class _Reader:
    """Reads contrasts from left to right; of names that fit, the longest counts."""

    def __init__(self, text: str, names: tuple[str, ...], groups: tuple[str, ...], where: str) -> None:
        self.text, self.names, self.groups, self.where = text, names, groups, where
        self.known = sorted({*names, *groups}, key=len, reverse=True)
        self.place = 0

    def contrasts(self) -> tuple[Contrast, ...]:
        found = [self._contrast()]
        while self._taken(","):
            found.append(self._contrast())
        if self.place < len(self.text):
            raise self._error("a sign, a comma or a semicolon must come before")
        return tuple(found)

    def _contrast(self) -> Contrast:
        self._skip_blanks()
        start = self.place
        rows = [self._row()]
        while self._taken(";"):
            rows.append(self._row())
        return Contrast(self.text[start : self.place].strip(), np.concatenate(rows))

    def _row(self) -> Values:
        """Factors (1, p); or (q, p) for a group that stands alone."""
        sign = -1.0 if self._taken("-") else 1.0
        if sign > 0:
            self._taken("+")
        row, alone = self._term()
        row = sign * row
        while (minus := self._taken("-")) or self._taken("+"):
            term, alone_too = self._term()
            if not (alone and alone_too):
                raise AnalysisError(f"{self.where}: contrasts: a group of several regressors must stand alone.")
            row = row + (-term if minus else term)
        return row

    def _term(self) -> tuple[Values, bool]:
        """Factors of one name, and whether it is a single regressor."""
        self._skip_blanks()
        name, factor = self._name(), 1.0
        if name is None and (number := _NUMBER.match(self.text, self.place)):
            factor, self.place = float(number[1]), number.end()
            name = self._name()
        if name is None:
            raise self._error("there is no regressor")
        self._skip_blanks()
        members = (
            [name] if name in self.names else [n for n, g in zip(self.names, self.groups, strict=True) if g == name]
        )
        rows = np.zeros((len(members), len(self.names)))
        rows[np.arange(len(members)), [self.names.index(n) for n in members]] = factor
        return rows, len(members) == 1

    def _name(self) -> str | None:
        quote = self.text[self.place : self.place + 1]
        if quote and quote in _QUOTES:
            inside, end, _ = self.text[self.place + 1 :].partition(quote)
            if end and inside in self.known:
                self.place += len(inside) + 2
                return inside
            return None
        for name in self.known:
            if self.text.startswith(name, self.place) and self._ends_at(self.place + len(name)):
                self.place += len(name)
                return name
        return None

    def _ends_at(self, place: int) -> bool:
        return place == len(self.text) or self.text[place] in " \t\n+-;,"

    def _taken(self, sign: str) -> bool:
        self._skip_blanks()
        there = self.text.startswith(sign, self.place)
        self.place += there
        return there

    def _skip_blanks(self) -> None:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1

    def _error(self, what: str) -> AnalysisError:
        rest = re.split(r"\s[-+]\s|[;,]", self.text[self.place :], maxsplit=1)[0].strip()
        shown = repr(rest) if rest else "at its end"
        return AnalysisError(
            f"{self.where}: contrasts: {what} {shown} in {self.text!r}. The regressors are: {', '.join(self.names)}."
        )
