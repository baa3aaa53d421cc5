"""ccxt loaded for one exchange only, each in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COUNT = "len([m for m in sys.modules if m.startswith('ccxt')])"


def run(code: str) -> Any:
    """What a fresh interpreter prints as JSON; its warnings are errors, as ours are."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import json, sys\n{code}"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def plain() -> Any:
    """The plain import: its resolution order, whether ours then gives the same class, hooks that were left behind."""
    return run(
        "import importlib\nfrom exchanges.loading import ccxt_class, resolution_order\n"
        "plain = importlib.import_module('ccxt.pro.bitget').bitget\nhooks = len(sys.meta_path)\n"
        "print(json.dumps([resolution_order(plain), ccxt_class('bitget') is plain, len(sys.meta_path) - hooks]))"
    )


def test_the_class_is_the_one_of_the_plain_import_with_few_modules(plain: Any):
    alone, modules = run(
        "from exchanges.loading import ccxt_class, resolution_order\n"
        f"print(json.dumps([resolution_order(ccxt_class('bitget')), {COUNT}]))"
    )
    assert alone == plain[0]
    assert modules < 60


def test_another_resolution_order_falls_back_on_the_plain_import():
    name, modules = run(
        "import exchanges.loading as loading\nloading.expected_order = lambda exchange: ()\n"
        f"print(json.dumps([loading.ccxt_class('bitget').__name__, {COUNT}]))"
    )
    assert name == "bitget"
    assert modules > 100


def test_an_already_loaded_ccxt_is_used_as_it_is(plain: Any):
    assert plain[1:] == [True, 0]


def test_the_class_loaded_alone_builds_a_client_that_knows_the_errors():
    assert run(
        "from exchanges.loading import ccxt_class\nexchange = ccxt_class('bitget')({})\n"
        "print(json.dumps([exchange.id, exchange.exceptions['exact']['40762'].__name__]))"
    ) == ["bitget", "InsufficientFunds"]
