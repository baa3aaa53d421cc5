"""Private REST endpoints that set how an account trades: leverage, margin mode, position mode."""

from __future__ import annotations

from typing import Any

from sandbox.account import HEDGE, ONE_WAY, Account, slot
from sandbox.orders import Hold
from sandbox.parameters import Parameters
from sandbox.refusal import Refusal, bad_parameter, insufficient
from sandbox.rest_private import PrivateEndpoint
from sandbox.rows import COIN, market_id, text
from sandbox.settlement import after_change
from sandbox.state import State


class ModeEndpoints:
    """What a customer may set."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> dict[tuple[str, str], PrivateEndpoint]:
        """(method, path) to endpoint."""
        paths: dict[str, PrivateEndpoint] = {
            "set-leverage": self.set_leverage,
            "set-margin-mode": self.set_margin_mode,
            "set-position-mode": self.set_position_mode,
        }
        return {("POST", f"/api/v2/mix/account/{name}"): endpoint for name, endpoint in paths.items()}

    def set_leverage(self, account: Account, asked: Parameters) -> Any:
        """Leverage of a symbol, of one side with ``holdSide`` (isolated, hedge mode); open margin follows."""
        symbol, leverage = asked.symbol(), asked.required("leverage")
        if not 1 <= leverage <= self._state.instrument(symbol).max_leverage:
            raise Refusal("40797", "Exceeded the maximum settable leverage")
        sided = account.hedged and account.margin_mode_of(symbol) == "isolated" and asked.has("holdSide")
        holds = (_hold(asked),) if sided else account.holds
        changed = [position for hold in holds if (position := account.position(symbol, hold)) is not None]
        more = sum(position.cost / leverage - position.margin for position in changed)
        if more > 0 and more > account.free(self._state.prices):
            raise insufficient()
        for position in changed:
            position.leverage, position.margin = leverage, position.cost / leverage
        for hold in holds if sided else (Hold.NET, Hold.LONG, Hold.SHORT):
            account.leverage[slot(symbol, hold)] = leverage
        self._state.record("settings", account, symbol, None, f"leverage {leverage:g}")
        after_change(self._state, account, symbol)
        return {**_shown(account, symbol), "crossMarginLeverage": text(account.leverage_of(symbol))}

    def set_margin_mode(self, account: Account, asked: Parameters) -> Any:
        """Margin mode of a symbol, only without position and orders."""
        symbol, mode = asked.symbol(), asked.text("marginMode")
        if mode not in ("isolated", "crossed"):
            raise bad_parameter("marginMode", mode)
        busy = account.held(symbol) or account.orders.get(symbol) or account.triggers.get(symbol)
        if busy and mode != account.margin_mode_of(symbol):
            raise Refusal("45117", "Currently holding positions or orders, the margin mode cannot be adjusted")
        account.margin_mode[symbol] = mode
        self._state.record("settings", account, symbol, None, f"margin mode {mode}")
        return _shown(account, symbol)

    def set_position_mode(self, account: Account, asked: Parameters) -> Any:
        """One position a symbol or a long and a short one; of the whole account, only without positions and orders."""
        mode = asked.text("posMode")
        if mode not in (ONE_WAY, HEDGE):
            raise bad_parameter("posMode", mode)
        if mode != account.position_mode and account.busy:
            raise Refusal("40920", "Position or order exists, the position mode cannot be switched")
        account.position_mode = mode
        self._state.record("settings", account, "", None, f"position mode {mode}")
        return {"posMode": mode}


def _hold(asked: Parameters) -> Hold:
    """The side of the position that is meant."""
    try:
        return {"long": Hold.LONG, "short": Hold.SHORT}[asked.text("holdSide").lower()]
    except KeyError:
        raise bad_parameter("holdSide", asked.text("holdSide")) from None


def _shown(account: Account, symbol: str) -> dict[str, str]:
    return {
        "symbol": market_id(symbol), "marginCoin": COIN,
        "longLeverage": text(account.leverage_of(symbol, Hold.LONG)),
        "shortLeverage": text(account.leverage_of(symbol, Hold.SHORT)),
        "marginMode": account.margin_mode_of(symbol),
    }
