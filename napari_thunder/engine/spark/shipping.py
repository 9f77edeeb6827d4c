"""Our package as a zip that a session brings to its workers, so that nothing of ours need be installed there."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import napari_thunder

_ROOT = Path(napari_thunder.__file__).parent
_NOT_FOR_WORKERS = ("widgets", "models", "display", "cluster")


def package_zip(folder: Path) -> Path:
    """Zip our package's modules into `folder`.

    Returns
    -------
    Path
        `napari_thunder-<hash>.zip`: the same content has the same name, other content another, as Spark wants it.
    """
    modules = [path for path in sorted(_ROOT.rglob("*.py")) if path.relative_to(_ROOT).parts[0] not in _NOT_FOR_WORKERS]
    digest = hashlib.sha256()
    for path in modules:
        digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    target = folder / f"napari_thunder-{digest.hexdigest()[:16]}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in modules:
            archive.write(path, Path(_ROOT.name) / path.relative_to(_ROOT))
    return target


def users_own_module(function: object) -> ModuleType | None:
    """The module of a function of the user's own (a script beside a notebook, a test), which workers cannot import."""
    name = getattr(function, "__module__", None) or type(function).__module__
    module = sys.modules.get(name)
    place = getattr(module, "__file__", None)
    if module is None or place is None or name == "__main__" or name.split(".")[0] == _ROOT.name:
        return None
    installed = any(part in ("site-packages", "dist-packages") for part in Path(place).parts)
    return None if installed or name.split(".")[0] in sys.stdlib_module_names else module
