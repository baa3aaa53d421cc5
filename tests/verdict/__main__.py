"""How often luck passes the gate, and how often an edge: ``python -m tests.verdict --seeds 100``."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from optimization.walkforward.outcome import Outcome
from tests.verdict.trials import lucky, skilled

FIVE_YEARS = 5 * 365
MOST_LUCKY = 0.05
LEAST_SKILLED = 0.90


def passed(name: str, family: Callable[[int, int], Outcome], seeds: range, days: int) -> float:
    """Share of the family that passes the gate; says what the rest failed by."""
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda seed: family(seed, days), seeds))
    share = sum(o.verdict.gate.passed for o in outcomes) / len(outcomes)
    sharpes = sorted(o.verdict.figures.sharpe for o in outcomes)
    print(f"{name}: {share:.0%} of {len(outcomes)} pass the gate; out-of-sample Sharpe {sharpes[0]:.2f} to "
          f"{sharpes[-1]:.2f}, median {statistics.median(sharpes):.2f}")
    grades = Counter(o.verdict.grade.letter for o in outcomes)
    print("  grades: " + ", ".join(f"{letter} {count}" for letter, count in sorted(grades.items())))
    failed = Counter(line.criterion for o in outcomes for line in o.verdict.gate.lines if not line.passed)
    print("  failed: " + (", ".join(f"{criterion} {count}" for criterion, count in failed.most_common()) or "nothing"))
    return share


def main() -> int:
    """Exit code 1 when a law does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--days", type=int, default=FIVE_YEARS)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    luck = passed("random entries", lucky, seeds, given.days)
    skill = passed("planted edge", skilled, seeds, given.days)
    return 0 if luck <= MOST_LUCKY and skill >= LEAST_SKILLED else 1


if __name__ == "__main__":
    sys.exit(main())
