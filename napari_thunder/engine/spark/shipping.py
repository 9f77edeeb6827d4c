"""Our package as a zip that a session brings to its workers, so that nothing of ours need be installed there."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from types import MethodType, ModuleType

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


def users_own_modules(thing: object) -> Iterator[ModuleType]:
    """The modules of the user's own (a script beside a notebook, a test) that a function needs and workers lack.

    Looks into partial functions, methods and dataclasses, which is where functions are found within functions.
    """
    name = getattr(thing, "__module__", None) or type(thing).__module__
    for module in {name, type(thing).__module__}:
        if _is_users_own(sys.modules.get(module)):
            yield sys.modules[module]
    for part in _parts(thing):
        yield from users_own_modules(part)


def _parts(thing: object) -> Iterator[object]:
    if isinstance(thing, partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, MethodType):
        yield from (thing.__func__, thing.__self__)
    elif isinstance(thing, tuple):
        yield from thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        yield from (getattr(thing, field.name) for field in fields(thing))


def _is_users_own(module: ModuleType | None) -> bool:
    place = getattr(module, "__file__", None)
    if module is None or place is None or module.__name__ == "__main__":
        return False
    top = module.__name__.split(".")[0]
    installed = any(part in ("site-packages", "dist-packages") for part in Path(place).parts)
    return not (installed or top == _ROOT.name or top in sys.stdlib_module_names)
