"""Colours for clusters: similar clusters get similar colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_MIDDLE = np.array([72.0, 0.0, 0.0])
_REACH = np.array([14.0, 52.0, 62.0])
"""How far lightness, green to red and blue to yellow go either way; bright enough to lie over a dark anatomy."""

_APART = 22.0
"""Colours (CIELAB) that are closer than this are hard to tell apart."""

_WHITE = np.array([0.95047, 1.0, 1.08883])
_TO_LINEAR = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
_STEPS = 300
_SOFTNESS = 1e-9


def palette_by_likeness(distances: Values) -> list[str]:
    """Colours `#rrggbb` whose distances go with those of the clusters.

    Clusters are laid out in CIELAB by classical scaling: what sets them apart most goes from blue to yellow, which
    nearly everyone sees, then from green to red, then by lightness. From there the correlation of the two sets of
    pairwise distances is raised by gradient steps (Thunder maximised the same from random colours), while colours that
    can hardly be told apart are pushed away from each other. The same clusters always get the same colours.

    Parameters
    ----------
    distances
        (k, k), symmetric, 0 on the diagonal, such as 1 − r of the centres.
    """
    places = _spread(_layout(np.asarray(distances, np.float64)), distances)
    return ["#{:02x}{:02x}{:02x}".format(*np.round(255 * colour).astype(int)) for colour in rgb_of(places)]


def rgb_of(lab: Values) -> Values:
    """sRGB (k, 3) from 0 to 1 of CIELAB (k, 3), under D65; less colourful where a screen cannot show it."""
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(12):
        share = (low + high) / 2
        inside = _can_be_shown(_linear(_muted(lab, share)))
        low, high = np.where(inside, share, low), np.where(inside, high, share)
    chosen = np.where(_can_be_shown(_linear(lab)), 1.0, low)
    linear = np.clip(_linear(_muted(lab, chosen)), 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _muted(lab: Values, share: Values) -> Values:
    return np.concatenate([lab[:, :1], lab[:, 1:] * share[:, None]], axis=1)


def _can_be_shown(linear: Values) -> NDArray[np.bool_]:
    return np.asarray(((linear >= -1e-6) & (linear <= 1 + 1e-6)).all(axis=1), bool)


def _linear(lab: Values) -> Values:
    y = (lab[:, 0] + 16) / 116
    f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    return np.asarray(xyz @ _TO_LINEAR.T)


def _layout(distances: Values) -> Values:
    """Places (k, 3) in CIELAB by classical scaling."""
    k = len(distances)
    middle = np.eye(k) - 1 / k
    values, vectors = np.linalg.eigh(-0.5 * middle @ distances**2 @ middle)
    axes = vectors[:, ::-1][:, :3] * np.sqrt(np.maximum(values[::-1][:3], 0))
    axes = np.pad(axes, ((0, 0), (0, 3 - axes.shape[1])))
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(3)] + _SOFTNESS)
    size = np.abs(axes).max(axis=0)
    scaled = axes / max(size.max(), _SOFTNESS)
    return np.asarray(_MIDDLE + scaled[:, [2, 1, 0]] * _REACH)


def _spread(places: Values, distances: Values) -> Values:
    """Places within reach, moved so that their distances go with the clusters' and none are too close."""
    upper = np.triu_indices(len(places), 1)
    if len(upper[0]) == 0:
        return places
    wanted = distances[upper] - distances[upper].mean()
    wanted = wanted / max(float(np.linalg.norm(wanted)), _SOFTNESS)
    for step in np.linspace(6, 0.2, _STEPS):
        force = _force(places, upper, wanted)
        largest = float(np.abs(force).max())
        if largest <= _SOFTNESS:
            break
        places = np.clip(places + step * force / largest, _MIDDLE - _REACH, _MIDDLE + _REACH)
    return places


def _force(places: Values, upper: tuple[NDArray[np.intp], NDArray[np.intp]], wanted: Values) -> Values:
    """The gradient of the correlation of distances, and a push between those that are too close."""
    first, second = upper
    along = places[first] - places[second]
    length = np.sqrt((along**2).sum(axis=1)) + _SOFTNESS
    centred = length - length.mean()
    size = max(float(np.linalg.norm(centred)), _SOFTNESS)
    alike = centred / size
    slope = (wanted - (wanted @ alike) * alike) / size
    slope -= slope.mean()
    slope += np.maximum(_APART - length, 0) / _APART**2
    pull = (slope / length)[:, None] * along
    force = np.zeros_like(places)
    np.add.at(force, first, pull)
    np.add.at(force, second, -pull)
    return force
