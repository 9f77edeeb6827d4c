"""The page: what stands where."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import xarray as xr

from napari_thunder.errors import ResultError
from napari_thunder.io.whole import written_whole
from napari_thunder.judging import verdict_of
from napari_thunder.provenance import read_provenance
from napari_thunder.registering import shifts_of
from napari_thunder.reporting.before_after import before_after
from napari_thunder.reporting.components import components
from napari_thunder.reporting.markup import Html, element, joined
from napari_thunder.reporting.motion import frames, motion
from napari_thunder.reporting.numbers import by_epoch, by_plane, measures
from napari_thunder.reporting.places import places, residual
from napari_thunder.reporting.record import facts, made_with, name_of, outliers

_SIGNS = {"good": "✓", "fair": "~", "bad": "✗"}


def report(registration: xr.Dataset, quality: xr.Dataset | None, path: str | Path) -> Path:
    """Write a registration and what was judged of it as one HTML page.

    The page needs nothing else: no network, no script, no program; it is read in light and dark, and prints.

    Parameters
    ----------
    registration
        From `register`.
    quality
        From `judge`; without it the page shows the motion and the template, and says that nothing was judged.
    path
        Where to; what is there is replaced.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ThunderError
        If these are not a registration and its judgement, or the page cannot be written.
    """
    shifts = shifts_of(registration)
    if quality is not None:
        verdict_of(quality)
        judged = read_provenance(quality).get("registration", {}).get("shifts")
        if judged is not None and judged != shifts.digest:
            raise ResultError("The judgement is of another registration. Judge this one, then write the report.")
    target = Path(path).expanduser().absolute()
    page = _page(registration, quality)
    with written_whole(target, ResultError) as draft:
        draft.write_text(page, "utf-8")
    return target


def _page(registration: xr.Dataset, quality: xr.Dataset | None) -> str:
    name = name_of(registration)
    style = resources.files("napari_thunder.reporting").joinpath("style.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"Registration of {name}"),
        element("style", Html(style)),
    )
    body = element("body", *_parts(name, registration, quality))
    return "<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n"


def _parts(name: str, registration: xr.Dataset, quality: xr.Dataset | None) -> Iterator[Html]:
    yield element("h1", f"Registration of {name}")
    yield facts(registration)
    yield _verdict(quality)
    yield motion(registration, quality)
    if quality is not None:
        yield frames(quality)
    yield before_after(registration, quality)
    if quality is not None:
        yield measures(quality)
        yield components(quality)
        yield residual(quality)
        yield places(quality)
        yield by_plane(quality)
        yield by_epoch(quality)
        yield outliers(quality)
    yield made_with(registration, quality)


def _verdict(quality: xr.Dataset | None) -> Html:
    if quality is None:
        next_step = (
            "Nothing was measured of this registration yet: judge it (napari-thunder judge), and report it again."
        )
        return element("div", element("strong", "Not judged"), next_step, class_="verdict")
    verdict = verdict_of(quality)
    sign = _SIGNS[verdict.word]
    reasons = element("ul", *(element("li", reason) for reason in verdict.reasons))
    return element(
        "div", element("strong", f"{sign} {verdict.line}"), joined(reasons), class_=f"verdict {verdict.word}"
    )
