"""What napari itself makes of the same shapes."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.regions import Outline, region_of_outline

VOLUME = (3, 40, 50)


@pytest.mark.parametrize("kind", ["polygon", "rectangle", "ellipse"])
def test_napari_fills_its_shapes_much_alike(kind):
    from napari.layers import Shapes

    rng = np.random.default_rng(1)
    for _ in range(10):
        y, x, height, width = *rng.uniform(4, 18, 2), *rng.uniform(6, 18, 2)
        vertices = np.array([[y, x], [y, x + width], [y + height, x + width], [y + height, x]])
        ours = region_of_outline(Outline(kind, vertices, (1, 1)), VOLUME, "a", "#ffffff").full_mask()
        layer = Shapes([np.c_[np.ones(4), vertices]], shape_type=kind, ndim=3)
        theirs = layer.to_masks(VOLUME)[0]
        assert theirs.any(axis=(1, 2)).tolist() == [False, True, False]
        # ellipses are polygons there
        assert np.count_nonzero(ours ^ theirs) <= (0.06 * ours.sum() if kind == "ellipse" else 0)
