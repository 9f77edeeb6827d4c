"""Tuning."""

from __future__ import annotations

MADE = {
    "direction_tuning": {},
    "orientation_tuning": {},
    "tuning_reliability": {"n_permutations": 100, "n_bootstrap": 100},
}
