"""When the driver of a lockstep may move on, told by a script of what everybody answers."""

from __future__ import annotations

from typing import Any

import pytest

from actors.lockstep import Cast, Lockstep, Venue

T = 1_740_787_260_000
CAST = Cast("feed", {"s": "runner"}, "risk", "executor")


class Town:
    """Answers of everybody; each list's last answer stays."""

    def __init__(self, **changes: Any) -> None:
        answers: dict[str, Any] = {
            "feed": {"last_ms": T}, "runner": {"last_ms": T, "latest": {"B": "7"}, "plan": 5},
            "risk": {"plans": {"s": 5}, "approved": {"B": 3}},
            "executor": {"fills": 2, "latest": {"B": "7"}, "approved": {"B": 3}, "idle": True}, "venue": 2,
        }
        self.script = {
            name: [usual | step if isinstance(usual, dict) else step for step in changes.get(name, [{}])]
            if name in changes else [usual]
            for name, usual in answers.items()
        }

    async def ask(self, name: str, _: str) -> Any:
        script = self.script[name]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, dict) and "raises" in answer:
            raise answer["raises"]
        return answer

    async def fills(self) -> int:
        return int(await self.ask("venue", ""))

    async def advance(self) -> dict[str, Any]:
        return {"done": True, "time": T, "fills": 0}

    def lockstep(self, patience_s: float) -> Lockstep:
        return Lockstep(Venue(self.advance, self.fills), CAST, self.ask, patience_s=patience_s)


async def test_it_moves_on_when_everybody_has_everything() -> None:
    assert (await Town().lockstep(0.0).minute())["done"]


NOT_YET = [
    ({"feed": [{"last_ms": T - 60_000}]}, "feed at"),
    ({"venue": [3]}, "executor has 2 of 3 fills"),
    ({"runner": [{"last_ms": T - 60_000}]}, "s at 1740787200000, the feed"),
    ({"runner": [{"latest": {"B": "6"}}]}, "no runner has fill 7 of B"),
    ({"risk": [{"plans": {"s": 4}}]}, "risk has not judged"),
    ({"executor": [{"approved": {"B": 2}}]}, "has not the last approvals"),
    ({"executor": [{"idle": False}]}, "executor is at work"),
    ({"feed": [{"raises": LookupError("feed")}]}, "an actor is away"),
]


@pytest.mark.parametrize(("changes", "says"), NOT_YET, ids=[says for _, says in NOT_YET])
async def test_it_waits_and_says_for_whom(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(TimeoutError, match=says):
        await Town(**changes).lockstep(0.005).minute()


async def test_a_fill_that_came_while_the_others_were_asked_is_waited_for() -> None:
    """The executor looks idle: it waits for the runner, who has not heard of the fill."""
    second = {"fills": 3, "latest": {"B": "8"}}
    town = Town(executor=[{}, second], venue=[2, 3])
    with pytest.raises(TimeoutError, match="no runner has fill 8 of B"):
        await town.lockstep(0.005).minute()


async def test_a_lost_actor_is_asked_again() -> None:
    town = Town(risk=[{"raises": LookupError("risk")}, {"raises": TimeoutError("risk")}, {}])
    assert (await town.lockstep(5.0).minute())["done"]
