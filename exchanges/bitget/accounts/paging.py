"""Lists that come a page at a time, newest first."""

from __future__ import annotations

from typing import Final, NamedTuple

from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect.words import Endpoint, Params, Row
from exchanges.rate import Priority

_PAGE: Final = 100
MOST_PAGES: Final = 200


class Pages(NamedTuple):
    """How a list is paged: the names of its rows, of where a page ends, and of what asks for the next one."""

    rows: str
    end: str
    after: str


async def read_pages(
    client: BitgetClient,
    endpoint: Endpoint,
    asked: Params,
    pages: Pages,
    key: str,
    priority: Priority,
    *,
    oldest: tuple[str, int] | None = None,
    most: int = MOST_PAGES,
) -> list[Row]:
    """All rows of a list, without doubles even when the venue repeats a page.

    Parameters
    ----------
    key : what tells rows apart. oldest : a time of the rows, and how far back they are wanted. most : pages.
    """
    asked = {"limit": str(_PAGE)} | asked
    found: dict[str, Row] = {}
    for _ in range(most):
        data = await client.call(endpoint, asked, priority) or {}
        page = data.get(pages.rows) or []
        fresh = {str(row[key]): row for row in page if str(row[key]) not in found}
        found |= fresh
        end = data.get(pages.end)
        if len(page) < _PAGE or not fresh or not end:
            break
        if oldest is not None and int(page[-1].get(oldest[0]) or 0) < oldest[1]:
            break
        asked = asked | {pages.after: str(end)}
    return list(found.values())
