"""What every test shares: compiled code from one cache, named before Numba is imported; what stays is not swept."""

from __future__ import annotations

import gc
import signal

import pytest
from hypothesis import settings

from scripts.main import keep_compiled_code

keep_compiled_code()
# A shell's background job ignores Ctrl-C and so would every program that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# How long one example takes says how busy the machine is, and nothing of the law.
settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")
# What is imported and collected stays until the end: looking through it for garbage, again and again, costs each worker
# as much as all the rest of its start, and a part of each test.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is left alone with one at the end; otherwise any order."""
    slow = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("ray")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """From here on there is garbage again: that of the tests."""
    gc.freeze()
    gc.enable()
