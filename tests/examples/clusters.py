"""Clusters."""

from __future__ import annotations

MADE = {"k_means": {"n_clusters": 3}}
