"""``scalp-radar results``: listed, shown, compared, exported, sent once though the server comes and goes."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from api.routes.optimization import MAX_RESULT_BYTES
from core.errors import DataError
from optimization.result_store import ResultStore
from optimization.results import kept
from optimization.run_file import pack
from scripts.pushing import MOST_BYTES, PATH, TRIES, KeyRefused, Server, push, unsent
from tests.cli.command import Said, scalp_radar, snapshot
from tests.cli.outcomes import outcome
from tests.messages import T0

GRID = {"ma_period": (5, 7, 10), "envelope_start": (0.05, 0.07)}
KEPT = kept(outcome(1, edge=0.3, days=420, grid=GRID), T0, "lab")
KEY = "correct horse battery"


def clock_ms() -> int:
    return T0 + 10**6


def filled(root: Path, count: int = 3) -> ResultStore:
    store = ResultStore(root, clock_ms=clock_ms)
    for number in range(count):
        run = dataclasses.replace(
            KEPT.run, fingerprint=f"{number}{'a' * 63}", ts_ms=T0 + number, symbol=("BTC-USDT", "ETH-USDT")[number % 2],
            grade="AF"[number % 2], gate_passed=number % 2 == 0, score=90.0 - number,
        )
        store.receive(pack(KEPT._replace(run=run)))
    return store


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three runs, to be copied."""
    folder = tmp_path_factory.mktemp("three")
    filled(folder).close()
    return folder


@pytest.fixture
def root(tmp_path: Path, three: Path) -> Path:
    return shutil.copytree(three, tmp_path / "results")


def results(root: Path, *words: str | Path) -> Said:
    return scalp_radar("results", *words, "--results", root)


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ((), "210"), (("--latest",), "21"), (("--symbol", "btc-usdt"), "20"), (("--grade", "F"), "1"),
        (("--grade", "a,F"), "210"), (("--passed",), "20"), (("--strategy", "nobody"), ""), (("--limit", "1"), "2"),
        (("--latest", "--passed", "--symbol", "BTC-USDT"), "2"),
    ],
)
def test_runs_are_listed_newest_first(root: Path, options: Sequence[str], numbers: str) -> None:
    found = json.loads(results(root, "list", "--json", *options).out)
    assert "".join(run["fingerprint"][0] for run in found) == numbers


def test_the_list_is_a_table_with_what_a_trader_asks(root: Path) -> None:
    said = results(root, "list")
    for word in ("envelope_dca", "BTC-USDT", "latest", "open", "shut", "2aaaaaaaaa"):
        assert word in said.out
    assert "--limit" in results(root, "list", "--limit", "1").out


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "scalp-radar optimize" in results(tmp_path / "empty", "list").out
    said = results(tmp_path / "empty", "compare")
    assert (said.code, said.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("name", ["2aaaa", "envelope_dca/BTC-USDT", "envelope_dca/btc-usdt"])
def test_a_run_is_shown_by_its_fingerprint_or_as_the_latest(root: Path, name: str) -> None:
    shown = json.loads(results(root, "show", name, "--json").out)
    assert shown["run"]["fingerprint"][0] == "2"
    assert len(shown["windows"]) == KEPT.run.windows
    text = results(root, "show", name).out
    for word in ("probability of overfitting", "instability", "windows", "kept", "to deploy: ma_period"):
        assert word in text
    for window in KEPT.windows:
        assert f" {window.params['ma_period']} {window.params['envelope_start']} " in text


def test_what_was_chosen_is_shown_although_nothing_is_to_be_deployed(tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "results")
    store.receive(pack(KEPT._replace(run=dataclasses.replace(KEPT.run, params={}))))
    store.close()
    text = results(tmp_path / "results", "show", "envelope_dca/BTC-USDT").out
    assert "to deploy: nothing" in text
    assert text.count("nothing") == 1


def test_runs_are_compared_side_by_side_and_the_latest_by_score(root: Path) -> None:
    side = results(root, "compare", "0aaaa", "1aaaa").out
    assert "A (90.0)" in side
    assert "F (89.0)" in side
    ranked = json.loads(results(root, "compare", "--json").out)
    assert [run["score"] for run in ranked] == [89.0, 88.0]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow"])
def test_combinations_are_exported_and_read_back(root: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"run{ending}"
    assert results(root, "export", "2aaaa", file).code == 0
    read: dict[str, Callable[[Path], Any]] = {
        ".csv": pa.csv.read_csv, ".parquet": pa.parquet.read_table,
        ".arrow": lambda path: pa.ipc.open_file(path.read_bytes()).read_all(),
    }
    table = read[ending](file)
    assert table.num_rows == 6
    assert table.column("param.ma_period").to_pylist() == [5, 5, 7, 7, 10, 10]
    assert table.column("out.trades.0").to_pylist() == KEPT.combinations.column("out.trades.0").to_pylist()


def test_a_run_is_exported_as_json(root: Path, tmp_path: Path) -> None:
    results(root, "export", "2aaaa", tmp_path / "run.json")
    found = json.loads((tmp_path / "run.json").read_text())
    assert found["run"]["detail"]["curve"]["equity"][0] == 1.0
    assert len(found["windows"]) == KEPT.run.windows


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("show", "ffff"), "ffff"), (("show", "xyz"), "hexadecimal"), (("show", "a"), "hexadecimal"),
        (("show", "nobody/BTC-USDT"), "nobody"), (("list", "--grade", "Z"), "--grade"),
        (("export", "2aaaa", "run.xls"), ".csv"), (("export", "2aaaa", "no/such/folder/run.csv"), "run.csv"),
        (("push", "--to", "ftp://server"), "--to"), (("push", "--to", "http://u:p@server"), "--to"),
        (("push", "--to", "http://server", "--key-env", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(root: Path, words: Sequence[str], named: str) -> None:
    before = snapshot(root / "runs")
    said = results(root, *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert named in said.err
    assert "u:p" not in said.err or named == "--to"
    assert snapshot(root / "runs") == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = results(tmp_path / "nowhere", "list")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert not (tmp_path / "nowhere").exists()


class Answer(NamedTuple):
    """What the server says to one request."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


class FakeServer:
    """Says what it was told to say, the last of it for ever; remembers what came."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.came = list(answers), list[tuple[str, dict[str, str], bytes]]()
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.came.append((self.path, {name.lower(): v for name, v in self.headers.items()}, body))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                content = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in (*answer.headers, ("Content-Length", str(len(content)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST  # noqa: N815  (the name that the base class looks for)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


TAKEN = Answer(200, {"fingerprint": "f", "new": True, "latest": True})


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    made: list[FakeServer] = []

    def one(*answers: Answer) -> FakeServer:
        made.append(FakeServer(*answers))
        return made[-1]

    yield one
    for server in made:
        server.close()


@pytest.fixture
def store(tmp_path: Path, three: Path) -> Iterator[ResultStore]:
    store = ResultStore(shutil.copytree(three, tmp_path / "outbox"), clock_ms=clock_ms)
    yield store
    store.close()


def states(store: ResultStore, server: FakeServer, waits: list[float] | None = None) -> list[tuple[str, str, int]]:
    to = Server(server.url, KEY)
    waited = [] if waits is None else waits
    sent = push(store, to, unsent(store, to.url), waited.append)
    return [(done.fingerprint[0], done.state, done.attempts) for done in sent]


def test_every_run_is_sent_once_oldest_first(store: ResultStore, serve: Callable[..., FakeServer]) -> None:
    server = serve(TAKEN)
    assert states(store, server) == [(n, "delivered", 1) for n in "012"]
    assert states(store, server) == []
    assert [path for path, _, _ in server.came] == [PATH] * 3
    assert server.came[0][1]["x-api-key"] == KEY
    assert server.came[0][2] == store.packed(f"0{'a' * 63}")


def test_what_does_not_get_through_waits_and_is_sent_with_the_next_push(
    store: ResultStore, serve: Callable[..., FakeServer]
) -> None:
    server = serve(TAKEN, *[Answer(503, {"detail": "away"})] * TRIES, TAKEN)
    assert states(store, server) == [("0", "delivered", 1), ("1", "waiting", TRIES), ("2", "delivered", 1)]
    assert states(store, server) == [("1", "delivered", TRIES + 1)]


def test_the_server_s_own_wait_is_kept(store: ResultStore, serve: Callable[..., FakeServer]) -> None:
    waits: list[float] = []
    server = serve(Answer(429, {}, (("Retry-After", "37"),)), Answer(429, {}, (("Retry-After", "99999"),)), TAKEN)
    assert states(store, server, waits)[0] == ("0", "delivered", 3)
    assert waits == [37.0, 60.0]


@pytest.mark.parametrize("status", [409, 413, 415, 422])
def test_what_was_refused_for_good_is_not_sent_again_by_itself(
    store: ResultStore, serve: Callable[..., FakeServer], status: int
) -> None:
    server = serve(Answer(status, {"detail": "no"}), TAKEN)
    assert states(store, server) == [("0", "refused", 1), ("1", "delivered", 1), ("2", "delivered", 1)]
    assert states(store, server) == []
    to = Server(server.url, KEY)
    (again,) = push(store, to, [f"0{'a' * 63}"], lambda _: None)
    assert again.state == "delivered"


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_ends_the_push_at_once_and_everything_waits(
    store: ResultStore, serve: Callable[..., FakeServer], status: int
) -> None:
    server = serve(Answer(status, {"detail": "wrong key"}))
    with pytest.raises(KeyRefused, match="wrong key"):
        states(store, server)
    assert len(server.came) == 1
    assert len(unsent(store, server.url)) == 3


@pytest.mark.parametrize("answer", [Answer(200, "not a receipt"), Answer(200, {}), Answer(500, {})])
def test_an_answer_that_is_no_receipt_is_no_delivery(
    store: ResultStore, serve: Callable[..., FakeServer], answer: Answer
) -> None:
    assert {state for _, state, _ in states(store, serve(answer))} == {"waiting"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed_with_the_key(
    store: ResultStore, serve: Callable[..., FakeServer], status: int
) -> None:
    elsewhere = serve(TAKEN)
    server = serve(Answer(status, {}, (("Location", elsewhere.url + PATH),)))
    assert {state for _, state, _ in states(store, server)} == {"refused"}
    assert elsewhere.came == []


def test_a_run_whose_file_is_gone_or_too_large_is_told_and_the_others_go(
    store: ResultStore, serve: Callable[..., FakeServer]
) -> None:
    server = serve(TAKEN)
    (store.root / "runs" / f"0{'a' * 63}.arrow").unlink()
    assert states(store, server) == [("0", "refused", 0), ("1", "delivered", 1), ("2", "delivered", 1)]
    with pytest.raises(DataError, match="can be sent"):
        store.packed(f"1{'a' * 63}", most_bytes=100)
    assert MOST_BYTES == MAX_RESULT_BYTES


def test_nobody_there_is_no_crash(store: ResultStore, serve: Callable[..., FakeServer]) -> None:
    gone = FakeServer(TAKEN)
    gone.close()
    assert states(store, gone) == [(n, "waiting", TRIES) for n in "012"]


def test_push_says_what_became_of_each_run(root: Path, serve: Callable[..., FakeServer]) -> None:
    server = serve(TAKEN, Answer(422, {"detail": "unsound"}), TAKEN)

    def pushed(*words: str) -> Said:
        env = {"RESEARCH_KEY": KEY}
        return scalp_radar(
            "results", "push", "--to", server.url, "--key-env", "RESEARCH_KEY", "--results", root, *words, env=env
        )

    said = pushed()
    assert said.code == 1
    assert "1aaaaaaaaa refused: answered 422: unsound" in said.out
    assert KEY not in said.out + said.err
    assert pushed().out == "nothing to send: everything is there\n"
    assert json.loads(pushed("1aaaa", "--json").out)[0]["state"] == "delivered"
