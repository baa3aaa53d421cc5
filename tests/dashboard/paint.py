"""How long the first page takes: ``python -m tests.dashboard.paint [--url http://127.0.0.1:8000] [--times 5]``.

Without an address a demo is begun. Milliseconds from the beginning of the navigation to the first content, and to the
safety word with its reason: with nothing cached, with everything cached, and as on a phone (1.6 Mbit/s, 150 ms, a
processor four times slower) with nothing cached.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.dashboard.browser import Visit, browsing, visit
from tests.dashboard.demo import running

MOST_MS: Final = 1_000
_USABLE: Final = "() => document.querySelector('[data-question=safe] p')?.textContent ? performance.now() : 0"
_FIRST: Final = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_PHONE: Final = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}


class Painted(NamedTuple):
    """Milliseconds since the navigation began."""

    first_ms: float
    usable_ms: float


def painted(opened: Visit) -> Painted:
    """Open the first page there."""
    opened.page.goto(f"{opened.url}/", wait_until="commit")
    usable = opened.page.wait_for_function(_USABLE, polling="raf").json_value()
    return Painted(float(opened.page.wait_for_function(_FIRST).json_value()), float(usable))


def measured(browser: Any, url: str, times: int) -> dict[str, list[Painted]]:
    """By kind of visit, so many of each."""
    found: dict[str, list[Painted]] = {"cold": [], "warm": [], "phone": []}
    for _ in range(times):
        opened = visit(browser, url)
        found["cold"].append(painted(opened))
        found["warm"].append(painted(opened))
        opened.page.context.close()
        opened = visit(browser, url, "phone")
        session = opened.page.context.new_cdp_session(opened.page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", _PHONE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        found["phone"].append(painted(opened))
        opened.page.context.close()
    return found


def main() -> None:
    """Print the medians and the worst."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--url", default="")
    asked.add_argument("--times", type=int, default=5)
    given = asked.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = given.url or stack.enter_context(running(folder, speed=1)).url
        for kind, visits in measured(stack.enter_context(browsing()), url, given.times).items():
            for name, values in zip(("first content", "usable"), zip(*visits, strict=True), strict=True):
                print(f"{kind:6} {name:14} median {statistics.median(values):5.0f} ms  worst {max(values):5.0f} ms")


if __name__ == "__main__":
    main()
