"""The built files over the API: cached by their hash, under a strict policy, never in the way of the API."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.rig import Rig


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets" / "index-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
async def rig(tmp_path: Path, built: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path, dashboard=built)
    yield rig
    await rig.close()


@pytest.mark.parametrize("path", ["/", "/positions/BTC-USDT", "/grid/envelope_dca/BTC-USDT?at=1", "/no-such-page"])
async def test_every_address_of_a_page_is_the_page(rig: Rig, path: str) -> None:
    answer = await rig.client.get(path)
    assert (answer.status_code, "page" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_policy_allows_nothing_inline_and_nobody_else(rig: Rig) -> None:
    policy = (await rig.client.get("/")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_what_bears_a_hash_is_kept_for_ever(rig: Rig) -> None:
    answer = await rig.client.get("/assets/index-abc123.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_was_gzipped_as_it_was_built_is_sent_so_to_those_who_take_it(rig: Rig, built: Path) -> None:
    (built / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(b"export {}"))
    for accepted, encoding in (("gzip, br", "gzip"), ("identity", None)):
        answer = await rig.client.get("/assets/index-abc123.js", headers={"Accept-Encoding": accepted})
        assert (answer.text, answer.headers.get("content-encoding")) == ("export {}", encoding)
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/javascript")
    assert (await rig.client.get("/assets/index-abc123.js.gz")).status_code == 404


@pytest.mark.parametrize("path", ["/assets/index-old.js", "/icon-gone.svg", "/api/nothing", "/ws/nothing"])
async def test_what_is_gone_is_not_answered_by_the_page(rig: Rig, path: str) -> None:
    answer = await rig.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/..%2fsecret.txt"]
)
async def test_nothing_outside_is_served(rig: Rig, path: str) -> None:
    assert "secret" not in (await rig.client.get(path)).text


async def test_the_api_and_the_plain_page_are_where_they_were(rig: Rig) -> None:
    assert (await rig.client.get("/health")).json()["mode"] == "demo"
    assert "Safe?" in (await rig.client.get("/plain")).text
    assert (await rig.client.get("/openapi.json")).json()["info"]["title"] == "Scalp Radar"


async def test_without_a_built_dashboard_the_plain_page_says_how(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "..")
    answer = await rig.client.get("/")
    assert "make dashboard" in answer.text
    assert "Safe?" in answer.text
    assert "make dashboard" not in (await rig.client.get("/plain")).text
    await rig.close()
