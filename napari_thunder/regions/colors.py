"""The colours of regions."""

from __future__ import annotations

COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2", "#999999")
"""Okabe and Ito's colours, told apart by everyone, the best on a dark canvas first."""


def color_of(n: int) -> str:
    """The colour of the n-th of many regions."""
    return COLORS[n % len(COLORS)]
