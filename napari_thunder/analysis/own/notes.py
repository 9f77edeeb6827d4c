"""What a user may say of a function beside its signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from napari_thunder.analysis.protocol import Role
from napari_thunder.errors import ModelError

Per = Literal["block", "voxel"]
"""Whether a function takes series (t, voxels) of many voxels at once, or one series (t,)."""

Called = TypeVar("Called", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Notes:
    """See `model`."""

    per: Per | None = None
    title: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    marked: bool = False


def model(
    *,
    per: Per | None = None,
    title: str = "",
    units: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Callable[[Called], Called]:
    """Mark a function as a model, and say more of it than its signature does; everything may be left out.

    Parameters
    ----------
    per
        `voxel` if the function takes one series (t,), `block` if it takes (t, voxels). Found by trying if left out.
        Without importing this package the same is said by `my_function.per = "voxel"`.
    title
        What the model is called in the window and on legends.
    units
        By the name of a map: `{"tau": "s"}`.
    roles
        By the name of a map, how it is coloured: `value`, `signed`, `fraction`, `probability`, `direction` (degrees),
        `orientation` (degrees), `label` (whole numbers from 1), `image`. Signed if a map has values on both sides of 0,
        else a value, where left out.
    labels
        By the name of a map of several rows, what each row is called.

    Returns
    -------
    Callable
        The decorator; the function stays as it is.

    Raises
    ------
    ModelError
        For a role or a `per` that does not exist.
    """
    if per not in (None, "block", "voxel"):
        raise ModelError(f"per={per!r}: a model is per 'voxel' or per 'block'.")
    notes = Notes(
        per, title, dict(units or {}), {name: _role(role) for name, role in (roles or {}).items()},
        {name: tuple(map(str, rows)) for name, rows in (labels or {}).items()}, marked=True,
    )  # fmt: skip

    def mark(function: Called) -> Called:
        function.thunder_notes = notes  # type: ignore[attr-defined]
        return function

    return mark


def notes_of(function: Callable[..., Any]) -> Notes:
    """What was said of a function."""
    notes: Notes | None = getattr(function, "thunder_notes", None)
    if notes is not None:
        return notes
    per = getattr(function, "per", None)
    if per not in (None, "block", "voxel"):
        raise ModelError(f"{function.__name__}.per = {per!r}: a model is per 'voxel' or per 'block'.")
    return Notes(per)


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise ModelError(f"There is no role {name!r} of a map. There is: {', '.join(Role)}.") from None
