"""Large answers bear a tag: unchanged ones are not sent again, changed ones always are."""

from __future__ import annotations

import pytest

from tests import messages
from tests.api.rig import Rig, well
from tests.messages import T0

PATHS = {
    "/api/equity/curves?scope=paper": messages.equity(5),
    "/api/equity/monthly?scope=paper": messages.equity(50_000),
    "/api/candles?symbol=BTC-USDT&timeframe=1m": messages.candles(T0 + 60_000, 84_100.0),
    "/api/trades?scope=paper": messages.trade(5),
}


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_is_sent_again_only_once_it_has_changed(rig: Rig, path: str) -> None:
    rig.tell(*well(), messages.equity(0), messages.equity(1), messages.trade(0))
    first = await rig.client.get(path)
    assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-cache")
    has = {"If-None-Match": first.headers["etag"]}
    again = await rig.client.get(path, headers=has)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    rig.tell(PATHS[path])
    changed = await rig.client.get(path, headers=has)
    assert (changed.status_code, changed.content != first.content) == (200, True)
    assert changed.headers["etag"] != first.headers["etag"]


async def test_what_is_refused_bears_no_tag(rig: Rig) -> None:
    answer = await rig.client.get("/api/candles?symbol=XRP-USDT")
    assert answer.status_code == 404
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
