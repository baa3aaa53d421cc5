"""Filters are found by their files, apart from strategies, and a file that is wrong is named in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from strategies.discovery import discover, discover_filters

FILTER = '''
"""A filter of the user's."""

from typing import ClassVar

import numpy as np

from core.market import Market
from core.strategy import Filter, Parameters


class Mine(Filter[Parameters]):
    """Always agrees with longs."""

    name: ClassVar[str] = "mine"

    def warmup(self, params: Parameters) -> int:
        return 1

    def score(self, market: Market, params: Parameters) -> np.ndarray:
        return np.ones(len(market))
'''


def written(folder: Path, name: str = "mine.py", text: str = FILTER) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_filter_in_a_users_folder_is_found_and_is_no_strategy(tmp_path: Path) -> None:
    written(tmp_path)
    assert list(discover_filters([tmp_path])) == ["order_flow", "mine"]
    assert set(discover([tmp_path])) == set(discover())
    assert "order_flow" not in discover()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('    name: ClassVar[str] = "mine"\n', "", "class Mine does not say its name"),
        ("def warmup", "def __init__(self, x): ...\n\n    def warmup", "class Mine: Mine.__init__() missing"),
        ("    def warmup", "    Params = dict\n\n    def warmup", "class Mine: Params is not a class of Parameters"),
    ],
)
def test_a_wrong_filter_is_named_in_one_line(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    path = written(tmp_path, text=FILTER.replace(old, new))
    with pytest.raises(InputError) as caught:
        discover_filters([tmp_path])
    assert str(caught.value).startswith(f"{path}: {complaint}")
    assert "\n" not in str(caught.value)


def test_a_filter_of_a_name_that_exists_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, text=FILTER.replace('"mine"', '"order_flow"'))
    with pytest.raises(InputError, match=r"filter 'order_flow' exists already in .*order_flow\.py") as caught:
        discover_filters([tmp_path])
    assert str(caught.value).startswith(f"{path}: ")
