"""The local exchange as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

PROGRAM = """
from sandbox.config import SandboxConfig
from sandbox.process import serve
from sandbox.synthetic import SyntheticSource
serve(SandboxConfig(), SyntheticSource(["BTC-USDT"], 1, 1, 1_740_787_200_000))
"""


def test_it_says_where_it_listens_and_ends_when_asked() -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"http://127.0.0.1:{ready['port']}/api/v2/public/time") as answer:
            assert json.load(answer)["code"] == "00000"
        assert ready["admin_key"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
