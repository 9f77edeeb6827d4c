"""What a person should know of an analysis before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_thunder.errors import ParameterError
from napari_thunder.parameters import build, snake_case

LARGE = 500 * 2**20
"""Bytes of a recording from which on what goes over the brain many times takes minutes."""

_OFTEN = "goes over the whole brain again and again until nothing changes any more"
_SHUFFLES = "computes every voxel again for each shuffle"
_LONG: Mapping[str, tuple[str, str]] = {
    "hierarchical_clustering": ("", _OFTEN),
    "ica": ("", _OFTEN),
    "k_means": ("", _OFTEN),
    "nmf": ("", _OFTEN),
    "raster_order": ("", _OFTEN),
    "feature_tuning": ("n_shifts", _SHUFFLES),
    "regression": ("circular_shift", _SHUFFLES),
    "tuning_reliability": ("n_permutations", _SHUFFLES),
    "voxel_decoding": ("", "trains a classifier at every voxel"),
}
"""What takes long: by a parameter above 0, or a value of `inference`, or always; and why."""


def cautions_of(cls: type, given: Mapping[str, Any], n_bytes: int = 0) -> tuple[str, ...]:
    """What an analysis with these parameters says by its `cautions`, and that it takes long; nothing for wrong ones.

    Parameters
    ----------
    n_bytes
        Of the recording.
    """
    try:
        made: Any = build(cls, given)
    except ParameterError:
        return ()
    return (*getattr(made, "cautions", ()), *_of_time(made, n_bytes))


def _of_time(made: Any, n_bytes: int) -> tuple[str, ...]:
    when, why = _LONG.get(snake_case(type(made).__name__), ("", ""))
    shuffled = when != "" and when not in (getattr(made, "inference", ""),) and not getattr(made, when, 0)
    if not why or shuffled or n_bytes < LARGE:
        return ()
    return (f"This takes long on so large a recording: it {why}. Take a Preview first, or compute in one region.",)
