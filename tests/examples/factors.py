"""Factors."""

from __future__ import annotations

MADE = {"pca": {"n_components": 3}}
