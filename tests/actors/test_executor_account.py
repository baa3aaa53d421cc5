"""An account's facts beside the configuration, and one process an account."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.executor import Executor
from actors.executor_preflight import Wish, judge
from actors.parts import ExecutorConfig
from actors.wiring.lock import Lock, Taken, account_lock
from core.errors import InputError
from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.position import Balance, VenuePosition
from core.settings import Exchange
from exchanges.port import AccountFacts, Credentials
from scripts.running import alone

BTC, ETH = "BTC-USDT", "ETH-USDT"
WISH = Wish("classic", "isolated", {BTC: 3.0, ETH: 5.0}, 1_000.0)
FACTS = AccountFacts("classic", True, {BTC: "isolated", ETH: "isolated"}, {BTC: 3.0, ETH: 5.0}, False, True)
RICH = Balance(2_000.0, 2_000.0)
LONG = VenuePosition(BTC, 1, 0.5, 100.0, 3, "isolated", 10, 100, 70, 0, 1)
RESTING = OpenOrder("o", "", BTC, Side.BUY, OrderKind.LIMIT, OrderStatus.OPEN, 1.0, price=90.0)

CASES = [
    ("as configured", FACTS, RICH, [], WISH, {}, ""),
    ("another leverage, flat", FACTS._replace(leverage={BTC: 20.0, ETH: 5.0}), RICH, [], WISH,
     {f"leverage {BTC}": "change"}, ""),
    ("another leverage with a position", FACTS._replace(leverage={BTC: 20.0, ETH: 5.0}), RICH, [LONG], WISH,
     {f"leverage {BTC}": "warn", "positions": "warn"}, ""),
    ("crossed instead of isolated", FACTS._replace(margin_mode={BTC: "crossed", ETH: "isolated"}), RICH, [], WISH,
     {f"margin mode {BTC}": "change"}, ""),
    ("hedge mode, flat", FACTS._replace(one_way=False), RICH, [], WISH, {"position mode": "change"}, ""),
    ("hedge mode with a position", FACTS._replace(one_way=False), RICH, [LONG], WISH,
     {"position mode": "refuse", "positions": "warn"}, "position mode"),
    ("a key that may withdraw", FACTS._replace(can_withdraw=True), RICH, [], WISH, {"key permissions": "refuse"},
     "key permissions"),
    ("a key bound to no address", FACTS._replace(address_bound=False), RICH, [], WISH, {"key address": "refuse"},
     "key address"),
    ("both, allowed", FACTS._replace(can_withdraw=True, address_bound=False), RICH, [],
     WISH._replace(unsafe_key=True), {"key permissions": "warn", "key address": "warn"}, ""),
    ("a venue that does not tell", FACTS._replace(can_withdraw=None, address_bound=None), RICH, [], WISH,
     {"key permissions": "warn", "key address": "warn"}, ""),
    ("another type of account", FACTS._replace(account_type="unified"), RICH, [], WISH, {"account type": "refuse"},
     "account type"),
    ("another type, either will do", FACTS._replace(account_type="unified"), RICH, [],
     WISH._replace(account_type="probe"), {}, ""),
    ("less money than the strategies count on", FACTS, Balance(900.0, 900.0), [], WISH, {"balance": "warn"}, ""),
    ("no money", FACTS, Balance(0.0, 0.0), [], WISH, {"balance": "refuse"}, "balance"),
]


@pytest.mark.parametrize(("facts", "balance", "held", "wish", "expected", "refused"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])
def test_what_an_account_is_beside_what_is_configured(
    facts: AccountFacts, balance: Balance, held: list[VenuePosition], wish: Wish, expected: dict[str, str],
    refused: str,
) -> None:
    report = judge(facts, balance, held, [], wish)
    assert {c.name: c.verdict for c in report.checks if c.verdict != "ok"} == expected
    assert report.refused.startswith(refused)
    assert bool(report.refused) == bool(refused)


def test_a_difference_is_of_its_symbol_and_an_order_is_enough_to_leave_it() -> None:
    report = judge(FACTS._replace(leverage={BTC: 20.0, ETH: 20.0}), RICH, [], [RESTING], WISH)
    assert not report.matches(BTC)
    assert not report.matches(ETH)
    assert judge(FACTS, RICH, [], [RESTING], WISH).matches(BTC)


def test_a_lock_is_one_process_and_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lock"
    script = (
        "import sys; from pathlib import Path; from actors.wiring.lock import Lock; "
        "held = Lock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(Taken, match=f"process {other.pid} has it"):
        Lock(path)
    other.kill()
    other.communicate()
    mine = Lock(path)
    with pytest.raises(Taken):
        Lock(path)
    mine.release()
    Lock(path).release()


def test_each_account_has_a_lock_of_its_own_and_its_name_hides_the_key(tmp_path: Path) -> None:
    paths = {
        account_lock(tmp_path, "bitget", Exchange(rest_url=url), Credentials(key, "s", "p")).name
        for url in (None, "http://127.0.0.1:1") for key in ("key-1", "key-2")
    }
    assert len(paths) == 4
    assert not any("key" in name for name in paths)


def test_a_second_system_on_a_state_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    held = alone(tmp_path)
    with pytest.raises(InputError, match="another system runs on this state folder"):
        alone(tmp_path)
    held.release()
    alone(tmp_path).release()


class Quiet:
    """Peers that take everything, and a desk's face."""

    def __init__(self, symbol: str = "") -> None:
        self.symbol, self.halted, self.resumed = symbol, "", 0
        self.told: list[tuple[Any, ...]] = []
        self.sender = self

    def tell(self, *message: Any) -> None:
        self.told.append(message)

    def wake(self) -> None:
        pass

    def resume(self) -> None:
        self.resumed += 1


async def test_ending_the_general_halt_leaves_symbols_halted_that_were_halted_one_by_one() -> None:
    peers, btc, eth = Quiet(), Quiet(BTC), Quiet(ETH)
    config = ExecutorConfig("executor", {}, {}, {}, "isolated", "feed")
    executor = Executor(config, lambda: None, peers)  # type: ignore[arg-type, return-value]
    executor._desks = {BTC: btc, ETH: eth}  # type: ignore[dict-item]
    executor.halt(BTC, "refused thrice")
    executor.halt("", "wrong keys")
    executor.halt("", "wrong keys again")
    assert (btc.halted, eth.halted) == ("refused thrice", "wrong keys")
    assert [m[2:] for m in peers.told] == [(BTC, "refused thrice"), ("", "wrong keys")]
    executor.resumed("")
    assert (btc.halted, eth.halted) == ("refused thrice", "")
    assert (btc.resumed, eth.resumed) == (0, 1)
    executor.resumed(BTC)
    assert (btc.halted, btc.resumed) == ("", 1)
