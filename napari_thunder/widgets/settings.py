"""What a person set on napari's own preferences page, under Thunder."""

from __future__ import annotations

import logging
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
