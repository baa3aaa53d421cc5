"""The cluster's file: what Ray itself checks, and what Ray lets pass although it cannot work."""

from __future__ import annotations

import copy
import ipaddress
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from actors.wiring.flags import DETECTION

ROOT = Path(__file__).resolve().parents[2]
STARTS = ("head_start_ray_commands", "worker_start_ray_commands")


@pytest.fixture
def cluster() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())
    return found


def test_ray_takes_it(cluster: dict[str, Any]) -> None:
    prepared = prepare_config(copy.deepcopy(cluster))
    validate_config(prepared)
    assert prepared["max_workers"] == prepared["available_node_types"]["local.cluster.node"]["min_workers"] == 2
    for key in STARTS:
        assert prepared[key] == cluster[key]


def test_ray_refuses_what_does_not_fit_its_schema(cluster: dict[str, Any]) -> None:
    cluster["head_start_ray_commands"] = "ray start"
    with pytest.raises(Exception, match="is not of type 'array'"):
        validate_config(prepare_config(cluster))


def test_addresses_are_addresses_and_all_workers_are_started(cluster: dict[str, Any]) -> None:
    provider = cluster["provider"]
    addresses = [provider["head_ip"], *provider["worker_ips"]]
    assert len({ipaddress.ip_address(a) for a in addresses}) == len(addresses)
    assert cluster["min_workers"] == cluster["max_workers"] == len(provider["worker_ips"])
    assert cluster["auth"]["ssh_user"]


def test_nothing_stops_other_rays_and_everything_asks_for_the_token(cluster: dict[str, Any]) -> None:
    commands = [c for key in (*STARTS, "setup_commands") for c in cluster[key]]
    assert not [c for c in commands if "ray stop" in c]
    for key in STARTS:
        assert len(cluster[key]) == 1
        assert "RAY_AUTH_MODE=token" in cluster[key][0]
    assert cluster["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    assert "chmod 600 ~/.ray/auth_token" in cluster["setup_commands"]


def test_every_node_notices_a_lost_one_as_the_command_does(cluster: dict[str, Any]) -> None:
    for key in STARTS:
        said = dict(re.findall(r"(RAY_(?:health|grpc)\w+)=(\d+)", cluster[key][0]))
        assert said == dict(DETECTION)


def test_ports_are_outside_those_of_workers_and_agree(cluster: dict[str, Any]) -> None:
    head = re.search(r"--port=(\d+)", cluster["head_start_ray_commands"][0])
    worker = re.search(r"--address=\$RAY_HEAD_IP:(\d+)", cluster["worker_start_ray_commands"][0])
    assert head is not None
    assert worker is not None
    assert head[1] == worker[1]
    assert not 10_002 <= int(head[1]) <= 19_999


def test_what_is_copied_is_there_and_rays_versions_are_one(cluster: dict[str, Any]) -> None:
    for source in cluster["file_mounts"].values():
        assert source.startswith("~/") or (ROOT / source).is_file()
    pinned = re.findall(r"ray\[default\]==([\d.]+)", (ROOT / "ray_cluster.yaml").read_text())
    assert pinned == re.findall(r'"ray\[default\]==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert pinned == [version("ray")]
    assert "make dependencies" in " ".join(cluster["setup_commands"])
