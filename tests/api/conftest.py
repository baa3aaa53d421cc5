"""The rig as a fixture: one a test, or one a file for tests that only ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import messages
from tests.api.rig import Rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig that knows nothing; one for all tests of a file that only ask, since most of its price is its routes."""
    rig = Rig(tmp_path_factory.mktemp("untold"))
    yield rig
    asyncio.run(rig.close())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig that was told one of each message; for tests that only ask, too."""
    rig = Rig(tmp_path_factory.mktemp("told"))
    rig.tell(*messages.ONE_OF_EACH)
    yield rig
    asyncio.run(rig.close())
