"""Addresses of clusters that cannot be joined: one line, at once."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from actors.wiring.session import UPLOADED, joined_ray, runtime_environment
from core.errors import InputError


@pytest.mark.parametrize("address", ["here", "ray://10.0.0.1:10001", "10.0.0.1", "10.0.0.1:0", ":6379", "h:99999"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match=r"allowed is HOST:PORT of a Ray head, or auto"), joined_ray(address):
        raise AssertionError("joined")


def test_nobody_at_an_address_is_said_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"  # bound, and nobody listens
        with pytest.raises(InputError, match=f"--address {address}: nobody answers there"), joined_ray(address):
            raise AssertionError("joined")


def test_nodes_are_sent_code_and_nothing_else() -> None:
    sent = [Path(path) for path in runtime_environment()["py_modules"]]
    assert [path.name for path in sent] == list(UPLOADED)
    for path in sent:
        assert (path / "__init__.py").is_file()
        strange = [f for f in path.rglob("*") if f.is_file() and f.suffix != ".py" and f.parent.name != "__pycache__"]
        assert not strange
    assert runtime_environment()["excludes"] == ["__pycache__"]
