"""``scalp-radar risk`` against a running API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from actors.api_host import ApiHost
from actors.ledger import Ledger
from core.errors import InputError
from core.messages import TargetRefused
from core.restriction import Cause, State
from tests import messages
from tests.api.rig import FACTS, KEY, RecordingRisk
from tests.cli.command import Said, scalp_radar
from tests.local_handles import LocalHandle
from tests.messages import T0

Command = Callable[..., Awaitable[Said]]
TRIPPED = Cause("kill_runner", State.HALTED, "", "envelope_dca", "it has lost 6.0%", T0, "rule")


class System:
    """An API with a risk actor that remembers what it was told."""

    def __init__(self, folder: Path) -> None:
        self.risk = RecordingRisk()
        self.ledger = Ledger(f"sqlite:///{folder}/ledger.db")
        self.host = ApiHost(FACTS, api_key=KEY)
        self.port = 0

    async def start(self) -> None:
        self.host.connect(LocalHandle(self.ledger), LocalHandle(self.risk))
        self.port = await self.host.start()
        refused = TargetRefused(T0, 1, "envelope_dca", "BTC-USDT", "risk_per_trade", "cut down", 0, 5.0, 3.0)
        await self.host.on([messages.risk(causes=(TRIPPED,)), refused])

    async def __call__(self, *arguments: str, key: str = KEY) -> Said:
        """The command, in a thread: it waits for the API, which lives in this loop."""
        words = ("risk", *arguments, "--url", f"http://127.0.0.1:{self.port}")
        return await asyncio.to_thread(scalp_radar, *words, env={"SCALP_RADAR_API_KEY": key})


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    system = System(tmp_path)
    await system.start()
    yield system
    await system.host.stop()
    system.ledger.stop()


async def test_the_state_is_shown_with_its_reasons(system: System) -> None:
    shown = (await system("status")).out
    for word in ("envelope_dca halted since", "it has lost 6.0%", "kill_global", "15.00%", "risk_per_trade"):
        assert word in shown
    whole = json.loads((await system("status", "--json")).out)
    assert whole["switches"][-1]["name"] == "kill_runner:envelope_dca"


async def test_what_if_takes_per_cent(system: System) -> None:
    found = json.loads((await system("what-if", "--moves=-5,-30%", "--no-fills", "--json")).out)
    assert [p["move"] for p in found["points"]] == pytest.approx([-0.05, -0.3])
    assert found["points"][1]["stopped"] == ["BTC-USDT"]
    assert "-30 %" in (await system("what-if", "--moves=-30")).out


async def test_a_trade_is_worked_out(system: System) -> None:
    words = ("calculate", "btc-usdt", "--entry", "60000", "--stop", "25%", "--risk", "5%", "--target", "66000")
    found = json.loads((await system(*words, "--json")).out)
    assert (found["quantity"], found["stop"], found["target"]) == (0.033, 45_000, 66_000)
    assert "after the stop" in (await system(*words)).out


async def test_commands_carry_the_key_and_more_risk_wants_a_yes(system: System) -> None:
    assert (await system("reduce", "btc-usdt", "--reason", "news")).out == "reduce BTC-USDT: accepted\n"
    assert (await system("halt")).out == "halt everything: accepted\n"
    assert (await system("close", "btc-usdt")).code == 2
    assert (await system("close", "btc-usdt", "--yes")).out == "close BTC-USDT: accepted\n"
    refused = await system("resume")
    assert (refused.code, "Say --yes" in refused.err) == (2, True)
    assert (await system("resume", "--yes")).code == 0
    assert (await system("reset", "kill_runner:envelope_dca", "--yes")).code == 0
    assert [told[:2] for told in system.risk.told] == [
        ("reduce", "BTC-USDT"), ("halt", ""), ("close", "BTC-USDT"), ("resume", ""),
        ("reset", "kill_runner:envelope_dca"),
    ]


@pytest.mark.parametrize(("words", "said"), [
    (("calculate", "BTC-USDT", "--entry", "1", "--stop", "x"), "must be a distance such as 25%, or a price"),
    (("calculate", "BTC-USDT", "--entry", "1", "--stop", "2%", "--risk", "y"), "--risk"),
    (("calculate", "BTC-USDT", "--entry", "1", "--stop", "2%", "--side", "up"), "long, short"),
    (("calculate", "XRP-USDT", "--entry", "1", "--stop", "2%"), "known are BTC-USDT"),
    (("calculate", "BTC-USDT", "--entry", "0", "--stop", "2%"), "body.entry"),
    (("what-if", "--moves", "a"), "--moves"),
    (("what-if", "--moves=-100"), "must be above -1"),
    (("halt", "bitcoin"), "body.symbol"),
])
async def test_wrong_input_is_one_line_and_exit_code_two(
    system: System, words: tuple[str, ...], said: str
) -> None:
    answer = await system(*words)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert not system.risk.told


async def test_a_wrong_key_and_a_refusal_say_so(system: System) -> None:
    assert "X-API-Key is missing or wrong" in (await system("halt", key="another horse battery")).err
    system.risk.error = InputError("kill switch 'x' has not tripped; tripped: none")
    assert "has not tripped" in (await system("reset", "x", "--yes")).err
