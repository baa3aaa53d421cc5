from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner, Result

from actors.monitor_views import arena, selection
from actors.read_model import Facts, ReadModel
from core.monitor_messages import ArenaRanked, SelectionMade
from core.selection import Decision
from scripts.main import build
from tests.messages import CRITERION, STANDING, T0


class Answers(BaseHTTPRequestHandler):
    """What the API's own views say of a read model."""

    state: ReadModel

    def do_GET(self) -> None:
        views = {"/api/arena?scope=paper": lambda: arena(self.state, "paper"),
                 "/api/selector": lambda: selection(self.state)}
        view = views.get(self.path)
        body = view().model_dump_json() if view else json.dumps({"detail": "nothing here"})
        self.send_response(200 if view else 404)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    class Mine(Answers):
        state = ReadModel(Facts("demo"))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    worst = STANDING._replace(rank=2, strategy="other", net_return=-0.1, brackets=(0,), alike=("envelope_dca",))
    Mine.state.apply(ArenaRanked(T0, 1, "paper", (STANDING._replace(brackets=(0,)), worst)), 1)
    decisions = (
        Decision("envelope_dca", "BTC-USDT", True, 0.4, ()), Decision("other", "BTC-USDT", False, 1.0, (CRITERION,)),
    )
    Mine.state.apply(SelectionMade(T0, 1, False, T0, T0, decisions), 1)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments), env={"COLUMNS": "200"})


def test_the_arena_is_a_table_with_intervals_groups_and_who_may_open(url: str) -> None:
    result = run("arena", "--url", url)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    first = next(line for line in lines if "envelope_dca" in line)
    assert [cell.strip() for cell in first.strip("│").split("│")] == [
        "1", "envelope_dca", "+1.00%", "-2.00% to +4.00% (trades)", "-", "0.50%", "1.50", "3", "2", "a",
        "1 of 1 symbols",
    ]
    assert "0 of 1 symbols" in next(line for line in lines if "other" in line)


def test_the_selector_says_why_not(url: str) -> None:
    result = run("selector", "--url", url)
    assert "40%" in result.stdout
    assert CRITERION.detail in result.stdout
    assert "only informs" in result.stdout


def test_json_is_what_the_api_says(url: str) -> None:
    assert [row["strategy"] for row in json.loads(run("arena", "--url", url, "--json").stdout)["rows"]] == [
        "envelope_dca", "other"
    ]
    assert json.loads(run("selector", "--url", url, "--json").stdout)["choices"][0]["may_open"] is True


@pytest.mark.parametrize(("arguments", "says"), [
    (("arena", "--scope", "both"), "--scope = 'both': must be one of paper, live"),
    (("arena", "--url", "ftp://x"), "must begin with http"),
    (("selector", "--url", "http://127.0.0.1:9"), "no answer"),
])
def test_a_wrong_input_is_one_line_and_exit_code_two(arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_what_the_api_refuses_is_told_in_its_words(url: str) -> None:
    result = run("arena", "--url", url, "--scope", "live")
    assert result.exit_code == 2
    assert "nothing here" in result.stderr
