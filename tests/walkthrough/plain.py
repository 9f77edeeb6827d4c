"""napari alone, by the same hands: what it takes for itself to show, scrub, draw, mark and recolour."""

from __future__ import annotations

import argparse
from typing import Any

import napari
import numpy as np

import napari_thunder as nt
from tests.walkthrough.person import Person

REGION = [(44.0, 40.0), (44.0, 52.0), (50.0, 56.0), (54.0, 50.0), (52.0, 41.0)]


def open_plain() -> napari.Viewer:
    """A viewer as large as ours, with nothing of ours in it."""
    viewer = napari.Viewer(title="Thunder", show=True)
    viewer.canvas.overlays.scale_bar.visible = True
    viewer.window.resize(1600, 1000)
    return viewer


def plain(person: Person, options: argparse.Namespace) -> None:
    """The steps of the other walks that napari has by itself, with the movie in memory."""
    known = nt.open(options.uri)
    movie = np.stack([known.read_volume(t) for t in range(known.shape[0])])
    window = person.window
    viewer = window.viewer
    maps = [np.random.default_rng(n).integers(0, 255, (*movie.shape[1:], 4), np.uint8) for n in range(8)]

    def mark() -> Any:
        return viewer.add_points(np.array([[0, 5, 30, 40]]), size=2)

    def recolour() -> None:
        for picture in maps:
            window.ask(lambda data=picture: setattr(viewer.layers["map"], "data", data))

    person.hands.focus("Thunder")
    person.step("plain-opened", lambda: window.ask(lambda: viewer.add_image(movie, name="fish")) and None)
    person.step("plain-scrubbed", person.drag_slider)
    person.step("plain-drawn", lambda: _draw(person))
    person.step("plain-pointed", lambda: window.ask(mark) and None)
    person.step("plain-tuned", lambda: window.ask(lambda: viewer.add_image(maps[0], name="map", rgb=True)) and None)
    person.step("plain-thresholded", recolour)
    person.step("plain-hovered", lambda: person.hands.glide(window.voxel(44, 40), window.voxel(50, 55), 15))


def _draw(person: Person) -> None:
    window = person.window
    shapes = window.ask(lambda: window.viewer.add_shapes(ndim=3))
    window.ask(lambda: setattr(shapes, "mode", "add_polygon"))
    for y, x in REGION:
        person.hands.click(window.voxel(y, x))
    person.hands.press("Return")
    window.ask(lambda: setattr(shapes, "mode", "pan_zoom"))
