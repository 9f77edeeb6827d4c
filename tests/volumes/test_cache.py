"""The cache of volumes keeps within its bytes."""

from __future__ import annotations

import numpy as np

from napari_thunder.volumes.cache import VolumeCache


def volume(n_bytes: int) -> np.ndarray:
    return np.zeros(n_bytes, np.uint8)


def test_the_least_recently_used_goes_first():
    cache = VolumeCache(30)
    for t in range(3):
        cache.put(t, volume(10))
    cache.get(0)
    cache.put(3, volume(10))
    assert set(cache.frames) == {0, 2, 3}
    assert cache.used_bytes == 30


def test_putting_a_frame_twice_counts_it_once():
    cache = VolumeCache(30)
    cache.put(1, volume(10))
    cache.put(1, volume(20))
    assert (len(cache), cache.used_bytes) == (1, 20)


def test_one_volume_is_kept_even_if_it_is_too_large():
    cache = VolumeCache(5)
    cache.put(1, volume(10))
    cache.put(2, volume(10))
    assert cache.frames == (2,)


def test_clear_lets_go_of_everything():
    cache = VolumeCache(30)
    cache.put(1, volume(10))
    cache.clear()
    assert (len(cache), cache.used_bytes, cache.get(1)) == (0, 0, None)
