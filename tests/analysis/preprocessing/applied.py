"""A step, applied to series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.analysis.runner import make_context


def applied(step: Any, series: Any, **known: Any) -> NDArray[np.float64]:
    """What a step makes of series (kept frames, voxels) of a recording of which this is known."""
    context = make_context(len(known.get("keep", series)), **known)
    found: NDArray[np.float64] = step.bind(context)(np.array(series, float))
    return found
