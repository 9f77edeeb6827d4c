"""How the address of a server is read, and that it keeps its secret."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from napari_thunder.engine.spark.address import CERTIFICATE, TOKEN, parse_address, remember_token
from napari_thunder.errors import EngineError


class OneSecret(KeyringBackend):
    """A keyring with the token of one server."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "from keyring" if (service, username) == ("napari-thunder", "head.lab:15002") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch):
    for name in (TOKEN, CERTIFICATE):
        monkeypatch.delenv(name, raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(OneSecret())
    yield
    keyring.set_keyring(before)


def test_a_remote_server_is_spoken_to_in_tls_unless_told_otherwise():
    assert parse_address("sc://head.lab:15002").tls
    assert not parse_address("sc://head.lab:15002;use_ssl=false").tls
    assert not parse_address("sc://head.lab:15002/;use_ssl=false").tls


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_computer_is_spoken_to_plainly_unless_told_otherwise(host):
    assert not parse_address(f"sc://{host}:15002").tls
    assert parse_address(f"sc://{host}:15002/;use_ssl=true").tls


def test_the_port_is_sparks_own_when_left_out():
    assert parse_address("sc://head.lab").port == 15002
    assert parse_address("sc://[::1]:7").target == "[::1]:7"


def test_token_comes_from_the_url_then_the_environment_then_the_keyring(monkeypatch):
    assert parse_address("sc://head.lab:15002").token == "from keyring"
    assert parse_address("sc://other.lab:15002").token is None
    monkeypatch.setenv(TOKEN, "from environment")
    assert parse_address("sc://head.lab:15002").token == "from environment"
    assert parse_address("sc://head.lab:15002/;token=from%20url").token == "from url"


def test_name_and_representation_show_no_token():
    address = parse_address("sc://head.lab:15002/;token=hush;use_ssl=false")
    assert address.name == "sc://head.lab:15002/;use_ssl=false"
    assert "hush" not in f"{address.name} {address!r}"


def test_a_name_leads_to_the_same_server_again():
    address = parse_address("sc://head.lab:15002/;use_ssl=false")
    assert parse_address(address.name) == address


def test_certificate_comes_from_the_url_or_the_environment(monkeypatch):
    assert parse_address("sc://head.lab/;ca=/etc/lab.pem").certificate == Path("/etc/lab.pem")
    monkeypatch.setenv(CERTIFICATE, "/etc/other.pem")
    assert parse_address("sc://head.lab").certificate == Path("/etc/other.pem")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sc://", r"looks like sc://host:15002"),
        ("sc://head.lab:many", r"port 'many' of the Spark Connect server must be a number"),
        ("sc://head.lab:99999", r"port '99999'"),
        ("sc://head.lab/;use_ssl=perhaps", r"use_ssl=perhaps .* must be true or false"),
        ("sc://head.lab/;tokn=hush", r"option 'tokn', which is not known\. Known are: token, use_ssl, ca"),
    ],
)
def test_a_bad_address_is_told_without_its_secrets(url, said):
    with pytest.raises(EngineError, match=said) as caught:
        parse_address(url)
    assert "hush" not in str(caught.value)


def test_a_token_is_kept_for_the_server_alone(monkeypatch):
    kept = {}
    monkeypatch.setattr(keyring, "set_password", lambda service, user, token: kept.update({(service, user): token}))
    remember_token("sc://head.lab", "secret")
    assert kept == {("napari-thunder", "head.lab:15002"): "secret"}


def test_a_keyring_that_refuses_says_what_else_to_do(monkeypatch):
    def refuse(*_):
        raise keyring.errors.NoKeyringError("no backend")

    monkeypatch.setattr(keyring, "set_password", refuse)
    with pytest.raises(EngineError, match="Set the environment variable NAPARI_THUNDER_TOKEN"):
        remember_token("sc://head.lab", "secret")
