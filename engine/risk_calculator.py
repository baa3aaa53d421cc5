"""One trade, worked out before it is made: size from the stop, margin, liquidation, fees, capital it takes. Pure."""

from __future__ import annotations

from typing import NamedTuple

from core.errors import InputError
from core.instrument import Instrument
from core.rounding import ceil_to_step, floor_to_step
from core.settings import Risk
from engine.liquidation import liquidation_price
from engine.risk_sizes import least_quantity, loss_at_stop
from engine.risk_view import Terms


class Question(NamedTuple):
    """What is asked. capital in USDT; direction +1 long, -1 short; prices in USDT.

    risk : most of the capital that the stop may take, a fraction. quantity : asked for (base), None for the largest
    that the limits allow. target : take profit, None for none.
    """

    capital: float
    leverage: float
    direction: int
    entry: float
    stop: float
    risk: float
    quantity: float | None = None
    target: float | None = None


class Answer(NamedTuple):
    """What comes of it. Money in USDT, prices in USDT, fractions of 1.

    limited_by : what keeps the size from being larger: 'risk_per_trade', 'margin_use', 'min_free_margin', '' for a size
    that was asked for. loss : at the stop, fees and slippage inside; of which fees and slippage. liquidation_* : None
    where no price above 0 would do it. fees_of_target : fees of a trade that meets its target, as a share of what
    it wins before them. smallest_capital : that can trade the exchange's minimum within the same limits.
    """

    quantity: float
    notional: float
    margin: float
    limited_by: str
    loss: float
    loss_of_capital: float
    fees: float
    slippage: float
    liquidation_isolated: float | None
    liquidation_crossed: float | None
    isolated_before_stop: bool
    crossed_before_stop: bool
    fees_of_target: float | None
    least_quantity: float
    smallest_capital: float
    refusals: tuple[str, ...]
    """Codes of the risk rules that would refuse it."""


def calculate(asked: Question, instrument: Instrument, limits: Risk, slippage: float) -> Answer:
    """The trade that was asked for. Raises InputError for values that make none."""
    _check(asked, instrument)
    d, terms = asked.direction, Terms(instrument, "", asked.leverage, asked.capital, slippage)
    each = loss_at_stop(d, 1.0, asked.entry, asked.stop, terms)
    least = ceil_to_step(least_quantity(asked.entry, terms), instrument.step)
    quantity, limited_by = _size(asked, instrument, limits, each)
    cost = quantity * asked.entry
    margin, out = cost / asked.leverage, asked.stop * quantity
    loss, slipped = each * quantity, out * slippage
    isolated = crossed = None
    if quantity > 0:
        isolated = _price(liquidation_price(d, quantity, cost, margin, instrument))
        crossed = _price(liquidation_price(d, quantity, cost, asked.capital, instrument))
    smallest = max(
        each * least / asked.risk,
        least * asked.entry / asked.leverage / limits.max_margin_use,
        least * asked.entry / asked.leverage + limits.min_free_margin_usdt,
    )
    fees_of_target = None
    if asked.target is not None:
        fees = asked.entry * instrument.maker_fee + asked.target * instrument.maker_fee
        fees_of_target = fees / (d * (asked.target - asked.entry))
    return Answer(
        quantity, cost, margin, limited_by, loss, loss / asked.capital, (cost + out) * instrument.taker_fee, slipped,
        isolated, crossed, _before(isolated, asked), _before(crossed, asked), fees_of_target, least, smallest,
        _refusals(asked, quantity, least, loss, margin, isolated, crossed, limits),
    )


def _check(asked: Question, instrument: Instrument) -> None:
    d = asked.direction
    rules = (
        ("stop", asked.stop, d * (asked.entry - asked.stop) > 0, "below the entry of a long, above a short's"),
        ("leverage", asked.leverage, asked.leverage <= instrument.max_leverage, f"at most {instrument.max_leverage:g}"),
        ("target", asked.target, asked.target is None or d * (asked.target - asked.entry) > 0,
         "above the entry of a long, below a short's"),
    )
    for key, value, good, allowed in rules:
        if not good:
            raise InputError(f"{key} = {value}: must be {allowed}")


def _size(asked: Question, instrument: Instrument, limits: Risk, each: float) -> tuple[float, str]:
    if asked.quantity is not None:
        return floor_to_step(asked.quantity, instrument.step), ""
    a_margin = asked.entry / asked.leverage
    most = {
        "risk_per_trade": asked.capital * asked.risk / each,
        "margin_use": asked.capital * limits.max_margin_use / a_margin,
        "min_free_margin": max(0.0, asked.capital - limits.min_free_margin_usdt) / a_margin,
    }
    by = min(most, key=lambda code: most[code])
    return floor_to_step(most[by], instrument.step), by


def _price(price: float) -> float | None:
    return price if price > 0 else None


def _before(liquidation: float | None, asked: Question) -> bool:
    return liquidation is not None and asked.direction * (asked.stop - liquidation) <= 0


def _refusals(
    asked: Question, quantity: float, least: float, loss: float, margin: float, isolated: float | None,
    crossed: float | None, limits: Risk,
) -> tuple[str, ...]:
    gone = isolated if limits.margin_mode == "isolated" else crossed
    slack = limits.liquidation_margin * asked.entry
    found = {
        "below_minimum": quantity < least * (1 - 1e-9),
        "risk_per_trade": loss > asked.capital * asked.risk * (1 + 1e-9),
        "margin_use": margin > asked.capital * limits.max_margin_use * (1 + 1e-9),
        "min_free_margin": asked.capital - margin < limits.min_free_margin_usdt - 1e-9,
        "liquidation_before_stop": gone is not None and asked.direction * (asked.stop - gone) < slack,
    }
    return tuple(code for code, refused in found.items() if refused)
