"""Private REST endpoints that trade: orders, triggers, cancellation, closing."""

from __future__ import annotations

from typing import Any, NamedTuple

from core.order import Side
from sandbox.account import Account
from sandbox.desk import Amendment, amend, cancel, close, find, place
from sandbox.orders import PLANS, Force, Hold, NewOrder, NewTrigger, Order, PlanType, Trigger
from sandbox.parameters import Parameters
from sandbox.refusal import Refusal, bad_parameter
from sandbox.rest_private import PrivateEndpoint, plan_types
from sandbox.rows import side_word
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

    def place_order(self, account: Account, asked: Parameters) -> Any:
        """A market or limit order, with presets."""
        symbol = asked.symbol()
        use_margin_mode(account, symbol, asked)
        order_type = asked.text("orderType").lower()
        if order_type not in ("market", "limit"):
            raise bad_parameter("orderType", order_type)
        aim = _aim(account, asked)
        order = place(
            self._state,
            account,
            NewOrder(
                symbol, aim.side, asked.required("size"),
                asked.required("price") if order_type == "limit" else None, force_of(asked, "force"),
                aim.closing, asked.text("clientOid"), asked.positive("presetStopLossPrice"),
                asked.positive("presetStopSurplusPrice"),
                (asked.positive("presetStopLossExecutePrice"), asked.positive("presetStopSurplusExecutePrice")),
                hold=aim.hold,
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
        held = asked.text("holdSide").lower()
        if plan in PLANS or held not in ("buy", "sell", "long", "short"):
            raise bad_parameter("holdSide", held)
        direction = 1 if held in ("buy", "long") else -1
        hold = Hold.NET if not account.hedged else Hold.LONG if direction > 0 else Hold.SHORT
        if account.hedged and held in ("buy", "sell"):
            raise bad_parameter("holdSide", held)
        wanted = NewTrigger(
            asked.symbol(), plan, Side.opening(-direction), asked.required("triggerPrice"),
            asked.number("size") or 0.0, asked.positive("executePrice"), True, asked.text("clientOid"), _source(asked),
            hold=hold,
        )
        return _named(place_trigger(self._state, account, wanted))

    def modify_stop_or_target(self, account: Account, asked: Parameters) -> Any:
        """Move a stop or target."""
        trigger = find_trigger(account, asked.identity(), asked.text("clientOid"))
        change = TriggerAmendment(asked.number("triggerPrice"), asked.positive("size"), asked.number("executePrice"))
        return _named(amend_trigger(self._state, account, trigger, change))

    def place_plan(self, account: Account, asked: Parameters) -> Any:
        """A plan order, or a trailing one (``track_plan``, at market, with ``callbackRatio`` in percent)."""
        try:
            plan = PlanType(asked.text("planType"))
        except ValueError:
            raise bad_parameter("planType", asked.text("planType")) from None
        if plan not in PLANS:
            raise bad_parameter("planType", plan.value)
        symbol = asked.symbol()
        use_margin_mode(account, symbol, asked)
        limit = asked.text("orderType").lower() == "limit"
        trails = plan is PlanType.TRACK
        if trails and (limit or asked.has("price")):
            raise bad_parameter("price", asked.text("price"))
        aim = _aim(account, asked)
        wanted = NewTrigger(
            symbol, plan, aim.side, asked.required("triggerPrice"), asked.required("size"),
            (asked.positive("executePrice") or asked.required("price")) if limit else None, aim.closing,
            asked.text("clientOid"), _source(asked), asked.positive("stopLossTriggerPrice"),
            asked.positive("stopSurplusTriggerPrice"), aim.hold, _callback(asked, "callbackRatio") if trails else None,
        )
        return _named(place_trigger(self._state, account, wanted))

    def modify_plan(self, account: Account, asked: Parameters) -> Any:
        """Move a plan order."""
        trigger = find_trigger(account, asked.identity(), asked.text("clientOid"))
        change = TriggerAmendment(
            asked.number("newTriggerPrice"), asked.positive("newSize"), asked.positive("newPrice"),
            _callback(asked, "newCallbackRatio") if asked.has("newCallbackRatio") else None,
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
        """Close at market, one symbol or all, in hedge mode one side with ``holdSide``."""
        symbol, held = asked.maybe_symbol(), asked.text("holdSide").lower()
        done = [
            _named(close(self._state, account, position))
            for position in list(account.positions.values())
            if symbol in (None, position.symbol) and held in ("", side_word(position.direction))
        ]
        return {"successList": done, "failureList": [], "result": bool(done)}


class _Aim(NamedTuple):
    """What an order does to which position."""

    side: Side
    hold: Hold
    closing: bool


def _aim(account: Account, asked: Parameters) -> _Aim:
    """In one-way mode ``side`` and ``reduceOnly``; in hedge mode ``side`` of the position and ``tradeSide``."""
    side, does = asked.side(), asked.text("tradeSide").lower()
    if account.hedged != (does in ("open", "close")):
        raise Refusal("40774", "The order type for unilateral position must also be the unilateral position type.")
    if not account.hedged:
        return _Aim(side, Hold.NET, reduce_only(asked))
    hold = Hold.LONG if side is Side.BUY else Hold.SHORT
    return _Aim(side if does == "open" else Side.opening(-side.sign), hold, does == "close")


def _callback(asked: Parameters, name: str) -> float:
    """The distance of a trailing order as a fraction; asked for in percent, at most 10."""
    percent = asked.required(name)
    if not 0 < percent <= 10:
        raise bad_parameter(name, percent)
    return percent / 100


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
        if account.held(symbol) or account.orders.get(symbol):
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
