"""The plan says what is made and needed, before it is; what comes is what was said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.cli import FAILED, OK, main
from napari_thunder.errors import ParameterError
from napari_thunder.preparing import Preparation

Array = np.ndarray[Any, Any]


def on_disk(store: Path) -> int:
    return sum(p.stat().st_size for p in store.rglob("*") if p.is_file())


@pytest.mark.parametrize("settings", [{}, {"compression": "small"}, {"dtype": "float32", "bin": (1, 2, 2)}])
def test_what_comes_is_what_was_planned(recording: nt.Recording, tmp_path: Path, settings: dict[str, Any]) -> None:
    chosen = Preparation(**settings)
    plan = nt.plan_preparation(recording, tmp_path / "fish.zarr", chosen)
    assert not list(tmp_path.glob("fish*"))
    nt.prepare(recording, tmp_path / "fish.zarr", chosen)
    shards = [p for p in (tmp_path / "fish.zarr").glob("*/c/**/*") if p.is_file() and "frame_times" not in str(p)]
    assert len(shards) == plan.n_shards
    assert on_disk(tmp_path / "fish.zarr") == pytest.approx(plan.expected_bytes, rel=0.15)
    assert on_disk(tmp_path / "fish.zarr") < plan.most_bytes + 50_000


def test_outside_of_a_mask_costs_nothing(recording: nt.Recording, movie: Array, tmp_path: Path) -> None:
    mask = np.zeros(movie.shape[1:], bool)
    mask[2, 40:90, 40:90] = True
    whole = nt.plan_preparation(recording, tmp_path / "fish.zarr")
    part = nt.plan_preparation(recording, tmp_path / "fish.zarr", mask=mask)
    assert part.expected_bytes < 0.1 * whole.expected_bytes
    assert part.n_shards < whole.n_shards
    nt.prepare(recording, tmp_path / "fish.zarr", mask=mask)
    assert on_disk(tmp_path / "fish.zarr") == pytest.approx(part.expected_bytes, rel=0.25, abs=30_000)


def test_the_brain_that_is_found_can_be_edited(recording: nt.Recording, movie: Array, tmp_path: Path) -> None:
    plan = nt.plan_preparation(recording, tmp_path / "a.zarr", Preparation(brain="automatic"))
    assert plan.brain is not None
    edited = plan.brain.full_mask()
    edited[0] = False
    prepared = nt.prepare(recording, tmp_path / "a.zarr", mask=edited)
    assert prepared.mask is not None
    np.testing.assert_array_equal(prepared.mask.full_mask(), edited)
    with pytest.raises(ParameterError, match="finds the brain itself"):
        nt.plan_preparation(recording, tmp_path / "b.zarr", Preparation(brain="automatic"), mask=edited)


def test_a_wider_margin_keeps_more(recording: nt.Recording, tmp_path: Path) -> None:
    found = [
        nt.plan_preparation(recording, tmp_path / "a.zarr", Preparation(brain="automatic", brain_margin=margin))
        for margin in (0, 10, 40)
    ]
    shares = [plan.brain_share for plan in found]
    assert shares == sorted(shares)
    assert shares[0] < shares[2]


def test_memory_that_is_too_little_for_a_volume_is_said(tmp_path: Path) -> None:
    large = nt.Recording.from_array(np.zeros((1, 8, 1500, 1500), np.uint16))
    with pytest.raises(ParameterError, match=r"memory_limit=40 MB is less than one volume needs, \d+ MB"):
        nt.plan_preparation(large, tmp_path / "a.zarr", Preparation(memory_limit=40))
    plan = nt.plan_preparation(large, tmp_path / "a.zarr", Preparation(memory_limit=500))
    assert plan.memory.needed <= 500e6


def test_the_command_plans_prepares_and_verifies(
    recording: nt.Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "fish.ome.zarr")
    asked = ["prepare", recording.uri, "-o", store, "--frame-rate", "2", "--set", "bin=1,2,2", "dtype=uint8"]
    assert main([*asked, "--plan"]) == OK
    told = capsys.readouterr().out
    assert "series" in told
    assert "per worker" in told
    assert not Path(store).exists()
    assert main([*asked, "--plan", "--json"]) == OK
    facts = json.loads(capsys.readouterr().out)
    assert facts["shape"] == [70, 5, 75, 70]
    assert facts["arrays"]["0"]["shape"] == [70, 5, 75, 70]
    assert main(asked) == OK
    assert "values were above what the type can hold" in capsys.readouterr().out
    assert main(["verify", store, "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["sound"] is True
    assert main(asked) == FAILED
    assert "there is something already" in capsys.readouterr().err


def test_the_command_refuses_what_makes_no_sense(
    recording: nt.Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["prepare", recording.uri, "-o", str(tmp_path / "fish.zarr"), "--set"]
    for wrong, message in (
        ("binning=2", "has no parameter 'binning'"),
        ("dtype=uint7", "must be one of"),
        ("bin", "NAME=VALUE"),
    ):
        assert main([*asked, wrong]) == FAILED
        assert message in capsys.readouterr().err
    assert main(["verify", recording.uri]) == FAILED
    assert main(["prepare", str(tmp_path / "none.tif"), "-o", str(tmp_path / "fish.zarr")]) == FAILED
