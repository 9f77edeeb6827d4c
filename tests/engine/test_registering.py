"""Registering on every engine gives the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.engine import Engine
from napari_thunder.registering import register, shifts_of
from napari_thunder.registration.settings import Registration
from tests.registration.scenes import Scene, jitter

pytestmark = pytest.mark.timeout(150)

SPACE = (5, 36, 40)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> nt.Recording:
    path = tmp_path_factory.mktemp("moving") / "movie.npy"
    frames = Scene(SPACE).frames(jitter(40, SPACE, spread=1.5), 30)
    np.save(path, (frames.clip(0) + 100).astype(np.uint16))
    return nt.open(path, exclude_frames=[7])


@pytest.mark.parametrize("mode", ["rigid 3-D", "rigid 2-D planes"])
def test_both_engines_find_the_same_shifts(recording: nt.Recording, mode: str, threads: Engine, spark: Engine) -> None:
    settings = Registration(mode=mode, template_frames=16, template_rounds=3)
    one, other = (register(recording, settings, engine=engine) for engine in (threads, spark))
    assert shifts_of(one).estimated.all()
    for name in ("template", "shift", "confidence", "frame_correlation"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4, atol=1e-4)
