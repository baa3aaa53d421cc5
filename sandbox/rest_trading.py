"""Private REST endpoints that change something: modes, orders, triggers, cancellation."""

from __future__ import annotations

from typing import Any

from core.order import Side
from sandbox.account import Account
from sandbox.desk import Amendment, amend, cancel, find, place
from sandbox.orders import Force, NewOrder, NewTrigger, Order, PlanType, Trigger
from sandbox.parameters import Parameters
from sandbox.refusal import Refusal, bad_parameter, insufficient
from sandbox.rest_private import PrivateEndpoint, plan_types
from sandbox.rows import COIN, MODE, market_id, text
from sandbox.settlement import after_change
from sandbox.state import State
from sandbox.trigger_desk import TriggerAmendment, amend_trigger, cancel_trigger, find_trigger, place_trigger


class TradingEndpoints:
    """What a customer may do."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> dict[tuple[str, str], PrivateEndpoint]:
        """(method, path) to endpoint."""
        mix = "/api/v2/mix"
        paths: dict[str, PrivateEndpoint] = {
            f"{mix}/account/set-leverage": self.set_leverage,
            f"{mix}/account/set-margin-mode": self.set_margin_mode,
            f"{mix}/account/set-position-mode": self.set_position_mode,
            f"{mix}/order/place-order": self.place_order,
            f"{mix}/order/modify-order": self.modify_order,
            f"{mix}/order/cancel-order": self.cancel_order,
            f"{mix}/order/batch-cancel-orders": self.cancel_orders,
            f"{mix}/order/place-tpsl-order": self.place_stop_or_target,
            f"{mix}/order/modify-tpsl-order": self.modify_stop_or_target,
            f"{mix}/order/place-plan-order": self.place_plan,
            f"{mix}/order/modify-plan-order": self.modify_plan,
            f"{mix}/order/cancel-plan-order": self.cancel_triggers,
            f"{mix}/order/close-positions": self.close_positions,
        }
        return {("POST", path): endpoint for path, endpoint in paths.items()}

    def set_leverage(self, account: Account, asked: Parameters) -> Any:
        """Leverage of a symbol; the margin of an open position follows if there is enough."""
        symbol, leverage = asked.symbol(), asked.required("leverage")
        if not 1 <= leverage <= self._state.instrument(symbol).max_leverage:
            raise Refusal("40797", "Exceeded the maximum settable leverage")
        position = account.positions.get(symbol)
        if position is not None:
            more = position.cost / leverage - position.margin
            if more > account.free(self._state.prices):
                raise insufficient()
            position.leverage, position.margin = leverage, position.cost / leverage
        account.leverage[symbol] = leverage
        self._state.record("settings", account, symbol, None, f"leverage {leverage:g}")
        after_change(self._state, account, symbol)
        shown = text(leverage)
        return {
            "symbol": market_id(symbol), "marginCoin": COIN, "longLeverage": shown, "shortLeverage": shown,
            "crossMarginLeverage": shown, "marginMode": account.margin_mode_of(symbol),
        }

    def set_margin_mode(self, account: Account, asked: Parameters) -> Any:
        """Margin mode of a symbol, only without position and orders."""
        symbol, mode = asked.symbol(), asked.text("marginMode")
        if mode not in ("isolated", "crossed"):
            raise bad_parameter("marginMode", mode)
        busy = symbol in account.positions or account.orders.get(symbol) or account.triggers.get(symbol)
        if busy and mode != account.margin_mode_of(symbol):
            raise Refusal("45117", "Currently holding positions or orders, the margin mode cannot be adjusted")
        account.margin_mode[symbol] = mode
        self._state.record("settings", account, symbol, None, f"margin mode {mode}")
        shown = text(account.leverage_of(symbol))
        return {
            "symbol": market_id(symbol), "marginCoin": COIN, "longLeverage": shown, "shortLeverage": shown,
            "marginMode": mode,
        }

    def set_position_mode(self, _: Account, asked: Parameters) -> Any:
        """One-way is the only mode traded here."""
        if asked.text("posMode") != MODE:
            raise Refusal("40919", "This function is not open yet: hedge mode")
        return {"posMode": MODE}

    def place_order(self, account: Account, asked: Parameters) -> Any:
        """A market or limit order, with presets."""
        symbol = asked.symbol()
        use_margin_mode(account, symbol, asked)
        order_type = asked.text("orderType").lower()
        if order_type not in ("market", "limit"):
            raise bad_parameter("orderType", order_type)
        order = place(
            self._state,
            account,
            NewOrder(
                symbol, asked.side(), asked.required("size"),
                asked.required("price") if order_type == "limit" else None, force_of(asked, "force"),
                reduce_only(asked), asked.text("clientOid"), asked.positive("presetStopLossPrice"),
                asked.positive("presetStopSurplusPrice"),
            ),
        )
        return _named(order)

    def modify_order(self, account: Account, asked: Parameters) -> Any:
        """Price, size, presets and client id of a live limit order, in place."""
        order = find(account, asked.identity(), asked.text("clientOid"))
        change = Amendment(
            asked.number("newSize"), asked.number("newPrice"), asked.text("newClientOid") or None,
            asked.positive("newPresetStopLossPrice"), asked.positive("newPresetStopSurplusPrice"),
        )
        return _named(amend(self._state, account, order, change))

    def cancel_order(self, account: Account, asked: Parameters) -> Any:
        """One live plain order."""
        return _named(cancel(self._state, account, asked.identity(), asked.text("clientOid")))

    def cancel_orders(self, account: Account, asked: Parameters) -> Any:
        """Those listed, or all of a symbol, or all."""
        listed = asked.items("orderIdList")
        ids: list[tuple[int | None, str]] = [_ids(item) for item in listed] if listed else [
            (order.order_id, "") for order in account.live_orders(asked.maybe_symbol())
        ]
        return _each(ids, lambda key, client: cancel(self._state, account, key, client))

    def place_stop_or_target(self, account: Account, asked: Parameters) -> Any:
        """A position's stop or target, or a partial one; ``holdSide`` is the side of the position."""
        try:
            plan = PlanType(asked.text("planType"))
        except ValueError:
            raise bad_parameter("planType", asked.text("planType")) from None
        hold = asked.text("holdSide").lower()
        if plan is PlanType.NORMAL or hold not in ("buy", "sell", "long", "short"):
            raise bad_parameter("holdSide", hold)
        wanted = NewTrigger(
            asked.symbol(), plan, Side.SELL if hold in ("buy", "long") else Side.BUY, asked.required("triggerPrice"),
            asked.number("size") or 0.0, asked.positive("executePrice"), True, asked.text("clientOid"), _source(asked),
        )
        return _named(place_trigger(self._state, account, wanted))

    def modify_stop_or_target(self, account: Account, asked: Parameters) -> Any:
        """Move a stop or target."""
        trigger = find_trigger(account, asked.identity(), asked.text("clientOid"))
        change = TriggerAmendment(asked.number("triggerPrice"), asked.positive("size"), asked.number("executePrice"))
        return _named(amend_trigger(self._state, account, trigger, change))

    def place_plan(self, account: Account, asked: Parameters) -> Any:
        """A plan order; trailing ones are not offered."""
        if asked.text("planType") != PlanType.NORMAL.value:
            raise Refusal("40919", f"This function is not open yet: {asked.text('planType')}")
        symbol = asked.symbol()
        use_margin_mode(account, symbol, asked)
        limit = asked.text("orderType").lower() == "limit"
        wanted = NewTrigger(
            symbol, PlanType.NORMAL, asked.side(), asked.required("triggerPrice"), asked.required("size"),
            (asked.positive("executePrice") or asked.required("price")) if limit else None, reduce_only(asked),
            asked.text("clientOid"), _source(asked), asked.positive("stopLossTriggerPrice"),
            asked.positive("stopSurplusTriggerPrice"),
        )
        return _named(place_trigger(self._state, account, wanted))

    def modify_plan(self, account: Account, asked: Parameters) -> Any:
        """Move a plan order."""
        trigger = find_trigger(account, asked.identity(), asked.text("clientOid"))
        change = TriggerAmendment(
            asked.number("newTriggerPrice"), asked.positive("newSize"), asked.positive("newPrice")
        )
        return _named(amend_trigger(self._state, account, trigger, change))

    def cancel_triggers(self, account: Account, asked: Parameters) -> Any:
        """Triggers of a plan type (plan orders when it is not said), those listed or all; what is not found, fails."""
        wanted = plan_types(asked.text("planType", PlanType.NORMAL.value))
        listed = asked.items("orderIdList")
        ids: list[tuple[int | None, str]] = [_ids(item) for item in listed] if listed else [
            (trigger.order_id, "") for trigger in account.live_triggers(asked.maybe_symbol()) if trigger.plan in wanted
        ]

        def withdraw(key: int | None, client: str) -> Trigger:
            trigger = find_trigger(account, key, client)
            if trigger.plan not in wanted:
                raise Refusal("43025", "Plan order does not exist")
            cancel_trigger(self._state, account, trigger)
            return trigger

        return _each(ids, withdraw)

    def close_positions(self, account: Account, asked: Parameters) -> Any:
        """Close at market, one symbol or all."""
        symbol = asked.maybe_symbol()
        done = []
        for name, position in list(account.positions.items()):
            if symbol in (None, name):
                side = Side.opening(-position.direction)
                order = place(self._state, account, NewOrder(name, side, position.quantity, reduce_only=True))
                done.append(_named(order))
        return {"successList": done, "failureList": [], "result": bool(done)}


def _named(order: Order | Trigger) -> dict[str, str]:
    """What Bitget answers to every order request."""
    return {"orderId": str(order.order_id), "clientOid": order.client_id}


def _ids(item: Any) -> tuple[int | None, str]:
    """The two names an order in a list may go by."""
    asked = Parameters(item, {})
    return asked.identity(), asked.text("clientOid")


def _each(ids: list[tuple[int | None, str]], act: Any) -> dict[str, Any]:
    """Do it for each; who worked and who did not."""
    done, failed = [], []
    for key, client in ids:
        try:
            done.append(_named(act(key, client)))
        except Refusal as refusal:
            shown = str(key) if key is not None else ""
            failed.append(
                {"orderId": shown, "clientOid": client, "errorMsg": refusal.message, "errorCode": refusal.code}
            )
    return {"successList": done, "failureList": failed}


def use_margin_mode(account: Account, symbol: str, asked: Parameters) -> None:
    """An order names its margin mode, which must be the symbol's while that is in use; else it sets it."""
    mode = asked.text("marginMode")
    if mode not in ("isolated", "crossed"):
        raise bad_parameter("marginMode", mode)
    if mode != account.margin_mode_of(symbol):
        if symbol in account.positions or account.orders.get(symbol):
            raise Refusal("45117", "Currently holding positions or orders, the margin mode cannot be adjusted")
        account.margin_mode[symbol] = mode


def force_of(asked: Parameters, name: str) -> Force:
    """How long an order may rest, by the parameter of that name."""
    try:
        return Force(asked.text(name, "gtc").lower() or "gtc")
    except ValueError:
        raise bad_parameter(name, asked.text(name)) from None


def reduce_only(asked: Parameters) -> bool:
    """Whether an order may only reduce: ``yes`` in any case."""
    return asked.text("reduceOnly").upper() == "YES"


def _source(asked: Parameters) -> str:
    source = asked.text("triggerType", "mark_price")
    if source not in ("mark_price", "fill_price"):
        raise bad_parameter("triggerType", source)
    return source
