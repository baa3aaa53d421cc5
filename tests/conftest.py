"""What every test shares: compiled code from one cache, named before anything imports Numba."""

from __future__ import annotations

import pytest

from scripts.main import keep_compiled_code

keep_compiled_code()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is left alone with one at the end; otherwise any order."""
    slow = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("ray")}
    items.sort(key=lambda item: item.path not in slow)

