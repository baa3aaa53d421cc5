from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import FillRole
from engine.client_ids import LENGTH, MAX_ATTEMPT, decode, encode, tag

roles = st.sampled_from([FillRole.ENTRY, FillRole.TARGET, FillRole.STOP, FillRole.EXIT, FillRole.EMERGENCY])
parts = st.tuples(
    st.integers(0, 36**4 - 1), roles, st.integers(-1, 34), st.integers(0, 36**6 - 1), st.integers(0, MAX_ATTEMPT)
)


@given(parts)
def test_an_id_says_what_it_was_made_of(drawn: tuple[int, FillRole, int, int, int]) -> None:
    cycle, role, level, minute, attempt = drawn
    mine = tag("envelope_dca", "BTC-USDT")
    parsed = decode(encode(mine, cycle, role, level, minute * 60_000, attempt))
    assert parsed == (mine, cycle, role, level, minute, attempt)
    assert parsed is not None
    assert parsed.of(mine, cycle + 36**4)
    assert not parsed.of(tag("envelope_dca", "ETH-USDT"), cycle)


@given(parts)
def test_an_id_is_acceptable_to_the_venue(drawn: tuple[int, FillRole, int, int, int]) -> None:
    cycle, role, level, minute, attempt = drawn
    made = encode(tag("a", "B-USDT"), cycle, role, level, minute * 60_000, attempt)
    assert len(made) == LENGTH <= 32
    assert re.fullmatch("[a-zA-Z0-9]+", made)


@given(parts, parts)
def test_different_intentions_have_different_ids(
    one: tuple[int, FillRole, int, int, int], other: tuple[int, FillRole, int, int, int]
) -> None:
    mine = tag("a", "B-USDT")
    ids = [encode(mine, c, r, lv, m * 60_000, a) for c, r, lv, m, a in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)


def test_an_id_never_changes_between_versions() -> None:
    made = encode(tag("envelope_dca", "BTC-USDT"), 7, FillRole.ENTRY, 2, 1_740_787_200_000, 1)
    assert made.startswith("sre20007")
    assert made == encode(tag("envelope_dca", "BTC-USDT"), 7, FillRole.ENTRY, 2, 1_740_787_200_000, 1)


@pytest.mark.parametrize("foreign", ["", "abc", "sr" + "0" * 26, "SRe2" + "0" * 24, "sre2" + "_" * 24, "x" * 28])
def test_an_id_of_somebody_else_is_not_ours(foreign: str) -> None:
    assert decode(foreign) is None


@pytest.mark.parametrize(
    ("role", "level", "attempt"),
    [(FillRole.FOREIGN, -1, 0), (FillRole.LIQUIDATION, -1, 0), (FillRole.ENTRY, 35, 0), (FillRole.ENTRY, 0, 1296)],
)
def test_what_we_never_send_has_no_id(role: FillRole, level: int, attempt: int) -> None:
    with pytest.raises(ValueError, match="no client id"):
        encode(tag("a", "B-USDT"), 0, role, level, 0, attempt)
