"""What a person set on napari's own preferences page, under Thunder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from napari.settings import get_plugin_settings

log = logging.getLogger(__name__)

_PLUGIN = "napari-thunder"

DEFAULTS: dict[str, dict[str, Any]] = {
    "engine": {"target": "threads", "connect_at_start": True},
    "memory": {"volumes_megabytes": 512},
    "display": {"direction_colormap": "romaO", "caption": True},
    "session": {"autosave": True, "autosave_seconds": 20},
}
"""As in `napari.yaml`, for a napari that does not know the page."""


def setting(page: str, name: str) -> Any:
    """A setting as it is now; its default where this napari cannot say."""
    try:
        return getattr(getattr(get_plugin_settings(_PLUGIN), page), name)
    except Exception:
        log.debug("no setting %s.%s", page, name, exc_info=True)
        return DEFAULTS[page][name]


def on_setting(page: str, name: str, slot: Callable[[Any], None]) -> Callable[[], None]:
    """Call `slot` with a setting whenever it is changed; gives what undoes that."""

    def changed(event: Any) -> None:
        slot(event.value)

    try:
        emitter = getattr(getattr(get_plugin_settings(_PLUGIN), page).events, name)
        emitter.connect(changed)
    except Exception:
        log.debug("setting %s.%s is not followed", page, name, exc_info=True)
        return lambda: None

    def undo() -> None:
        emitter.disconnect(changed)

    return undo
