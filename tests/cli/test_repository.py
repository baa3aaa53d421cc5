"""What a fresh machine relies on: the lock, the examples of the environment, the files of the deployment."""

from __future__ import annotations

import re
import tomllib

import yaml

from scripts.secrets import Secrets
from tests.cli.command import REPOSITORY


def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def locked() -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;]+)", text("requirements.lock"), flags=re.MULTILINE))


def test_the_lock_holds_every_dependency_with_hashes_and_no_address() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[=<>\[ ;]", w)[0] for w in wanted}
    assert {re.sub("[-_.]+", "-", name).lower() for name in names} <= set(locked())
    assert "://" not in text("requirements.lock")
    for block in re.split(r"\n(?=\S)", text("requirements.lock").strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_what_was_measured_is_locked_exactly() -> None:
    assert (locked()["ray"], locked()["ccxt"]) == ("2.60.0", "4.5.90")


def test_the_example_of_the_environment_names_every_secret_and_holds_none() -> None:
    lines = dict(re.findall(r"^([A-Z_]+)=(.*)$", text(".env.example"), flags=re.MULTILINE))
    assert lines == {name.upper(): "" for name in Secrets.model_fields} | {"LIVE_TRADING": "false"}


def test_the_image_is_built_by_steps_that_the_makefile_has() -> None:
    files = "\n".join(map(text, ("Dockerfile", ".ci/run", "deploy/scalp-radar.service")))
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE))
    used = re.findall(r"(?:^|RUN |bin/)make ([a-z]+)", files, flags=re.MULTILINE)
    assert used
    assert set(used) <= targets


def test_the_image_runs_without_root_and_is_watched() -> None:
    lines = text("Dockerfile")
    assert re.search(r"^USER radar$", lines, flags=re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", lines, flags=re.MULTILINE)


def test_containers_reach_no_farther_than_this_machine() -> None:
    compose = yaml.safe_load(text("deploy/compose.yaml"))
    for service in compose["services"].values():
        assert service.get("network_mode") != "host"  # Ray listens on every address of its network
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
