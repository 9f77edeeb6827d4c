"""What is installed is complete, and what the README promises is there."""

from __future__ import annotations

import configparser
import re
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


def test_only_one_module_touches_private_parts_of_napari():
    private = re.compile(r"napari\._|vispy|\b_qt_viewer\b|\b_qt_window\b|(?:layer|viewer|dims|camera)\._[a-z]")
    modules = (ROOT / "napari_thunder").rglob("*.py")
    found = [p.name for p in modules if private.search(_code_of(p))]
    assert found == ["wheel.py"]


def test_no_signal_is_connected_to_an_emit():
    """Psygnal calls an `emit` that is connected once with 255 numbers, to see what it takes."""
    connected = re.compile(r"(?:changed|progressed|arrived|added|removed|updated)\.connect\(.*\.emit\)")
    assert not [p for p in (ROOT / "napari_thunder" / "models").rglob("*.py") if connected.search(p.read_text())]


def _code_of(path: Path) -> str:
    """What a module says outside of its words to people."""
    lines = re.sub(r'"""[\s\S]*?"""', "", path.read_text()).splitlines()
    return "\n".join(line.split("#")[0].replace("self.", "") for line in lines)
