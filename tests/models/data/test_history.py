"""What was opened and connected to before."""

from __future__ import annotations

from pathlib import Path

from napari_thunder.models.data.history import History


def test_recordings_and_servers_are_remembered_apart(tmp_path: Path) -> None:
    history = History(tmp_path / "history.json")
    for said in ("/a", "sc://host:1", "/b", "/a"):
        history.add(said)
    assert history.paths() == ("/a", "/b")
    assert history.addresses() == ("sc://host:1",)


def test_a_token_is_never_written(tmp_path: Path) -> None:
    history = History(tmp_path / "history.json")
    history.add("sc://host:1/;token=secret;use_ssl=false")
    assert history.addresses() == ("sc://host:1/;use_ssl=false",)
    assert "secret" not in (tmp_path / "history.json").read_text()


def test_many_recordings_push_out_no_server(tmp_path: Path) -> None:
    history = History(tmp_path / "history.json")
    history.add("sc://host:1")
    for number in range(40):
        history.add(f"/{number}")
    assert history.addresses() == ("sc://host:1",)
    assert len(history.paths()) == 20
