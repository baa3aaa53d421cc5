"""The engines that a rule's case is run on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.rulebook import Case, Columns
from tests.reference import engine as reference

Run = Callable[[Case], Any]


def run_reference(case: Case) -> Any:
    tape = case.tape()
    return reference.run(tape, case.plan(Columns(len(tape))), case.row(), case.cost_model, 1000.0)


ENGINES: dict[str, Run] = {"reference": run_reference}
