from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.models.analyze.test_shown_design import recording
from tests.widgets.conftest import wait_until


def test_the_design_is_seen_before_the_run(make_dock: Callable[..., tuple[Any, ThunderDock]], qtbot: Any) -> None:
    _, dock = make_dock()
    panel, draft = dock.analyze.design, dock.desk.draft
    draft.choose("summary_images")
    dock.desk.datasets.add(recording())
    qtbot.wait(50)
    assert panel.isHidden()
    draft.choose("regression")
    wait_until(qtbot, lambda: not panel.isHidden())
    assert panel.graphics.isHidden()
    assert panel.said.text()
    draft.fill({"events_by": ("direction",), "signals": ("swim",)})
    wait_until(qtbot, lambda: not panel.graphics.isHidden())
    assert panel.image.image.shape == (60, 3)
    assert panel.words_at(2.1, 5).startswith("swim at 2.5 s: ")
    assert panel.words_at(9, 5) == ""
    np.testing.assert_allclose(panel.bars.opts["height"], dock.desk.shown_designs.picture.design.vif)
    draft.fill({"events_by": ("direction",), "signals": ("swim",), "drift_period": 5.0, "drift_order": 3})
    wait_until(qtbot, lambda: panel.image.image.shape[1] > 3)
    draft.fill({"signals": ("gone",)})
    wait_until(qtbot, lambda: panel.graphics.isHidden() and "gone" in panel.said.text())


def test_what_is_to_be_known_before_the_run_is_said(
    make_dock: Callable[..., tuple[Any, ThunderDock]], qtbot: Any
) -> None:
    _, dock = make_dock()
    movie = recording()
    twice = movie.signals.assign(again=movie.signals["swim"] + np.random.default_rng(0).normal(0, 0.1, 60))
    dock.desk.datasets.add(movie.with_known(signals=twice))
    dock.desk.draft.choose("regression")
    dock.desk.draft.fill({"signals": ("swim", "again")})
    panel = dock.analyze.design
    wait_until(qtbot, lambda: not panel.warnings.isHidden())
    assert "largely explained by the other regressors" in panel.warnings.text()
