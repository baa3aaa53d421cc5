"""Something that a fault might strike: a request, a push, a frame from a client, a step of the matching.

Roles say what a request or an order is for, whatever the account's protocol calls it: ``entry``, ``exit`` (reduce-only
or closing), ``stop``, ``target``, ``plan``; and what is done to it: ``place``, ``amend``, ``cancel``. A request without
any role does not trade.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from sandbox.account import Account
from sandbox.orders import LOSSES, Trigger

ROLES: Final = ("entry", "exit", "stop", "target", "plan", "place", "amend", "cancel")

_PLACING: Final = frozenset({"place-order", "batch-place-order", "place-batch"})
_PLACING_TRIGGER: Final = frozenset({"place-tpsl-order", "place-pos-tpsl", "place-strategy-order"})
_AMENDING: Final = frozenset({"modify-order", "batch-modify-order"})
_AMENDING_TRIGGER: Final = frozenset({"modify-tpsl-order", "modify-plan-order", "modify-strategy-order"})
_CANCELLING: Final = frozenset({
    "cancel-order", "batch-cancel-orders", "cancel-plan-order", "cancel-all-orders", "cancel-batch",
    "cancel-symbol-order", "cancel-strategy-order",
})


class Occasion(NamedTuple):
    """What it is about; empty where that does not apply."""

    path: str = ""
    channel: str = ""
    symbol: str = ""
    roles: frozenset[str] = frozenset()


def request_roles(path: str, body: Mapping[str, Any], trigger: Callable[[str], Trigger | None]) -> frozenset[str]:
    """What a request is for. ``trigger`` finds one by its id, for requests that name nothing else."""
    verb = path.rpartition("/")[2]
    if verb in _PLACING:
        return frozenset({"place", _opening_or_closing(body)})
    if verb in _PLACING_TRIGGER:
        return frozenset({"place", *_trigger_words(body)})
    if verb == "place-plan-order":
        return frozenset({"place", "plan"})
    if verb == "close-positions":
        return frozenset({"place", "exit"})
    if verb in _AMENDING:
        return frozenset({"amend"})
    if verb in _AMENDING_TRIGGER or verb in _CANCELLING:
        doing = "cancel" if verb in _CANCELLING else "amend"
        found = trigger(_named_order(body))
        return frozenset({doing} if found is None else {doing, trigger_role(found)})
    return frozenset()


def trigger_role(trigger: Trigger) -> str:
    """``stop``, ``target`` or ``plan``."""
    if trigger.plan in LOSSES:
        return "stop"
    return "target" if "profit" in trigger.plan.value else "plan"


def trigger_named(accounts: Mapping[str, Account], name: str) -> Trigger | None:
    """A trigger by its id or client id, of whatever account."""
    for account in accounts.values():
        key = account.trigger_of_client.get(name) or (int(name) if name.isdigit() else None)
        if key is not None and key in account.every_trigger:
            return account.every_trigger[key]
    return None


def _opening_or_closing(body: Mapping[str, Any]) -> str:
    closing = str(body.get("reduceOnly", "")).lower() == "yes" or str(body.get("tradeSide", "")).lower() == "close"
    return "exit" if closing else "entry"


def _trigger_words(body: Mapping[str, Any]) -> list[str]:
    plan = str(body.get("planType", ""))
    words = [("stop", "loss" in plan or body.get("stopLoss")), ("target", "profit" in plan or body.get("takeProfit"))]
    return [word for word, said in words if said]


def _named_order(body: Mapping[str, Any]) -> str:
    listed = body.get("orderIdList")
    named = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else body
    return str(named.get("orderId") or named.get("clientOid") or "")
