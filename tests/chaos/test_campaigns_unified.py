"""The whole suite of campaigns once more, on a unified account."""

from __future__ import annotations

import pytest

from sandbox.config import AccountConfig
from tests.chaos.test_campaigns import *  # noqa: F403 - every test of it

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def account() -> AccountConfig:
    """The kind of account that the suite runs on."""
    return AccountConfig.unified()
