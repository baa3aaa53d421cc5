"""What the exchange says when it says no: Bitget's code and sentence."""

from __future__ import annotations


class Refusal(Exception):
    """A request that was understood and refused; nothing changed. ``code`` is Bitget's, ``status`` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code} {message}")


def bad_parameter(name: str, value: object) -> Refusal:
    """A parameter that cannot be read or is not allowed."""
    return Refusal("40017", f"Parameter verification failed {name}: {value!r}")


def order_not_found() -> Refusal:
    """The order does not exist or is no longer live."""
    return Refusal("40768", "Order does not exist")


def insufficient() -> Refusal:
    """Not enough free margin for the order."""
    return Refusal("40762", "The order amount exceeds the balance")


def wrong_side_of_price(what: str) -> Refusal:
    """A stop or target that the price has already passed."""
    return Refusal("40917", f"The {what} price is on the wrong side of the current price")


def no_position() -> Refusal:
    """A closing request without anything to close."""
    return Refusal("22002", "No position to close")
