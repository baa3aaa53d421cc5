"""What the desks of an account need of their executor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actors.executor_journal import Line
from core.messages import Severity
from core.order import Execution, OpenOrder
from storage.journal import IntentState


class Office(Protocol):
    """What a desk needs of its executor."""

    async def journal(self, lines: Sequence[Line], *, urgent: bool) -> None:
        """Write intents down before they are sent."""

    def outcome(self, line: Line, state: IntentState) -> None:
        """Write down what became of one."""

    def fills(self, symbol: str, executions: list[Execution]) -> None:
        """Take fills that REST showed."""

    def shown(self, order: OpenOrder) -> None:
        """Keep an order as it is now."""

    def looked(self, symbol: str) -> None:
        """The exchange was read back."""

    def halt(self, symbol: str, reason: str) -> None:
        """Stop trading a symbol, or everything ('')."""

    def alert(self, kind: str, severity: Severity, symbol: str, detail: str) -> None:
        """Tell whoever watches."""

    def now_ms(self) -> int:
        """The exchange's time as far as it is known."""

    def met(self, error: BaseException) -> None:
        """Count and show an error."""

    def sent(self, symbol: str, row_ms: int) -> None:
        """An order that a new plan row caused left for the exchange."""
