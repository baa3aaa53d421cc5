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


def test_a_child_ends_with_its_parents_pipe_however_the_parent_died() -> None:
    root, program = Path(__file__).parents[2], PROGRAM.replace("))\n", "), child=True)\n")
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["port"]
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_child_that_is_asked_to_end_ends_without_complaint() -> None:
    root, program = Path(__file__).parents[2], PROGRAM.replace("))\n", "), child=True)\n")
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["page"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
