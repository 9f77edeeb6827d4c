from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from napari_thunder.recording import Recording
from napari_thunder.widgets.actions import ACTIONS
from tests.models.plots.made import SPACE, clusters, components
from tests.widgets.conftest import wait_until


def test_one_click_makes_rois_of_clusters_and_the_palette_does_so_too(
    make_dock: Callable[..., Any], qtbot: Any
) -> None:
    _, dock = make_dock()
    desk, panel = dock.desk, dock.results.panel.clusters
    desk.results.add("pca", components())
    wait_until(qtbot, lambda: dock.settled and panel.isHidden())
    desk.results.add("k-means", clusters())
    wait_until(qtbot, lambda: not panel.isHidden())
    assert "Open the recording" in panel.make.toolTip()
    desk.datasets.add(Recording.from_array(np.zeros((4, *SPACE), np.uint16), name="noise", frame_rate=1.0))
    wait_until(qtbot, panel.make.isEnabled)
    panel.make.click()
    wait_until(qtbot, lambda: "Made 4 ROIs" in panel.said.text())
    assert [region.name for region in desk.regions] == [f"Label {n}" for n in (1, 2, 3, 4)]
    assert not panel.minimum.isEnabled()
    panel.pieces.click()
    panel.minimum.setValue(10**6)
    ACTIONS["make_cluster_regions"].call(dock)
    wait_until(qtbot, lambda: "smaller" in panel.trouble.message)
    desk.regions.undo()
    assert not len(desk.regions)
