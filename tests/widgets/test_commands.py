from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

import napari_thunder
import napari_thunder.widgets.commands as commands
from napari_thunder.widgets.actions import ACTIONS, perform
from napari_thunder.widgets.shortcut_help import ShortcutHelp
from napari_thunder.widgets.thunder_dock import ThunderDock

MANIFEST = yaml.safe_load((Path(napari_thunder.__file__).parent / "napari.yaml").read_text())


def test_every_action_is_a_command_of_the_palette():
    listed = {c["id"].removeprefix("napari-thunder."): c for c in MANIFEST["contributions"]["commands"]}
    assert [name for name in ACTIONS if name not in listed] == []
    for name, known in ACTIONS.items():
        assert listed[name]["title"] == known.title
        assert listed[name]["python_name"] == f"napari_thunder.widgets.commands:{name}"
        assert callable(getattr(commands, name))


def test_no_two_actions_share_keys():
    keys = [known.keys for known in ACTIONS.values() if known.keys]
    assert len(keys) == len(set(keys))


def test_the_help_shows_every_key(dock: ThunderDock, qtbot: Any):
    from qtpy.QtWidgets import QLabel

    shown = ShortcutHelp(dock)
    words = {label.text() for label in shown.findChildren(QLabel)}
    assert {known.shown_keys for known in ACTIONS.values() if known.keys} <= words
    shown.close()


def test_keys_reach_the_dock_from_the_canvas_and_are_given_back(make_dock: Callable[..., Any]):
    viewer, dock = make_dock()
    keys = {known.shown_keys for known in ACTIONS.values() if known.keys}
    assert keys <= {str(key) for key in viewer.keymap}
    perform(ACTIONS["new_polygon"], viewer)
    assert dock.shown_tab == "rois"


def test_no_action_fails_on_an_empty_desk(dock: ThunderDock):
    for known in ACTIONS.values():
        known.call(dock)


def test_settings_of_the_page_have_the_defaults_the_program_falls_back_on():
    from napari_thunder.widgets.settings import DEFAULTS, setting

    pages = MANIFEST["contributions"]["configurations"]
    said = {page: {n: p["default"] for n, p in about["properties"].items()} for page, about in pages.items()}
    assert said == DEFAULTS
    assert setting("memory", "volumes_megabytes") >= 64


def test_what_is_set_on_the_preferences_page_is_followed(make_dock: Callable[..., Any]):
    from napari.settings import get_plugin_settings

    dock = make_dock()[1]
    settings = get_plugin_settings("napari-thunder")
    try:
        settings.display.direction_colormap = "hsv"
        settings.display.caption = False
        assert dock.desk.pictures.direction_colormap == "hsv"
        assert not dock.workplace.caption.shown
    finally:
        settings.display.direction_colormap = "romaO"
        settings.display.caption = True
