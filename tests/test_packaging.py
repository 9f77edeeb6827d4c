"""What is installed is complete, and what the README promises is there."""

from __future__ import annotations

import configparser
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def setup():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_every_package_is_listed(setup):
    listed = set(setup["options"]["packages"].split())
    found = {"napari_thunder", "napari_thunder.resources"}
    found |= {
        ".".join(folder.relative_to(ROOT).parts)
        for folder in (ROOT / "napari_thunder").rglob("*")
        if folder.is_dir() and any(folder.glob("*.py"))
    }
    assert listed == found


def test_resources_reach_installed_copies():
    icons = [path.name for path in files("napari_thunder.resources").iterdir() if path.name.endswith(".svg")]
    assert icons


def test_napari_finds_the_manifest_and_the_shell_the_command():
    assert any(point.value == "napari_thunder:napari.yaml" for point in entry_points(group="napari.manifest"))
    assert any(point.value == "napari_thunder.cli:main" for point in entry_points(group="console_scripts"))


def test_no_file_holds_a_secret_or_a_path_of_someones_machine():
    texts = (ROOT / "napari_thunder").rglob("*.py")
    assert not [p for p in texts if "/work/" in p.read_text() or "/home/" in p.read_text()]
