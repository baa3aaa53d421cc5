"""Results of optimisations over the API: read by anybody, sent with the key, once whatever is repeated."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.api_gateway import ModelGateway
from api.app import create_app
from api.routes.optimization import MAX_RESULT_BYTES, MEDIA_TYPE, RESULTS
from core.errors import ConfigurationError
from optimization import run_file
from optimization.result_store import ResultStore
from optimization.results import kept
from optimization.run_file import Kept
from storage.research_records import StoredRun
from tests.api.rig import KEY, NOW, Rig
from tests.api.test_app import problem
from tests.cli.outcomes import outcome
from tests.research import job

GRID = {"ma_period": (5, 7, 10), "envelope_start": (0.05, 0.07), "stop_fraction": (0.2, 0.25)}
KEPT = kept(outcome(1, edge=0.3, days=420, grid=GRID), NOW - 5000, "lab")
HEADERS = {"X-API-Key": KEY, "Content-Type": MEDIA_TYPE}
RUNS = "/api/optimization/runs"


def sent(**changes: Any) -> Kept:
    return KEPT._replace(run=dataclasses.replace(KEPT.run, **changes))


def packed(kept: Kept) -> bytes:
    return run_file.pack(kept)


async def push(rig: Rig, kept: Kept = KEPT, **headers: str) -> Any:
    return await rig.client.post(RESULTS, content=packed(kept), headers={**HEADERS, **headers})


def store(rig: Rig, *kepts: Kept) -> list[StoredRun]:
    return [rig.results.receive(packed(kept)).run for kept in kepts]


async def test_what_was_sent_is_shown_and_sending_again_changes_nothing(rig: Rig) -> None:
    first = await push(rig)
    assert first.json() == {"fingerprint": KEPT.run.fingerprint, "new": True, "latest": True}
    before = (await rig.client.get(RUNS)).json()
    assert (await push(rig)).json()["new"] is False
    assert (await rig.client.get(RUNS)).json() == before
    (run,) = before["items"]
    assert (run["origin"], run["grade"], run["params"]) == ("lab", KEPT.run.grade, KEPT.run.params)
    assert rig.results.research.trials("envelope_dca", "BTC-USDT") == KEPT.run.combinations


async def test_runs_that_arrive_out_of_order_leave_the_newest_the_latest(rig: Rig) -> None:
    for number, ts_ms in ((1, NOW - 30), (2, NOW - 10), (3, NOW - 20)):
        answer = await push(rig, sent(fingerprint=f"{number:064x}", ts_ms=ts_ms))
        assert answer.json()["latest"] is (number != 3)
    latest = (await rig.client.get(RUNS, params={"latest_only": "true"})).json()["items"]
    assert [run["fingerprint"] for run in latest] == [f"{2:064x}"]


async def test_runs_are_filtered_and_paged(rig: Rig) -> None:
    store(rig, *(
        sent(fingerprint=f"{i:064x}", ts_ms=NOW - 100 + i, symbol=("BTC-USDT", "ETH-USDT")[i % 2], grade="AF"[i % 2])
        for i in range(5)
    ))
    seen, cursor = [], None
    while True:
        parameters = {"grade": "A", "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await rig.client.get(RUNS, params=parameters)).json()
        seen += [int(run["fingerprint"], 16) for run in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert seen == [4, 2, 0]
    both = await rig.client.get(f"{RUNS}?grade=A&grade=F&symbol=ETH-USDT")
    assert len(both.json()["items"]) == 2


async def test_one_run_comes_with_its_windows_grade_gate_and_curve(rig: Rig) -> None:
    store(rig, KEPT)
    found = (await rig.client.get(f"{RUNS}/{KEPT.run.fingerprint[:8]}")).json()
    assert found["run"]["fingerprint"] == KEPT.run.fingerprint
    assert [w["out_sharpe"] for w in found["windows"]] == [w.out_sharpe for w in KEPT.windows]
    assert found["criteria"] == KEPT.run.detail["verdict"]["grade"]["criteria"]
    assert found["gate"] == KEPT.run.detail["verdict"]["gate"]["lines"]
    assert len(found["curve"]["equity"]) == len(found["curve"]["daily"]) + 1
    assert found["detail"]["job"]["strategy"] == "envelope_dca"
    assert found["detail"]["verdict"]["bootstrap"]["p_value"] == KEPT.run.p_value


async def test_combinations_come_best_first(rig: Rig) -> None:
    store(rig, KEPT)
    page = (await rig.client.get(f"{RUNS}/{KEPT.run.fingerprint}/combinations?by=in.return&limit=3")).json()
    figures = [item["figures"]["in.return"] for item in page["items"]]
    assert (page["total"], len(figures), figures) == (12, 3, sorted(figures, reverse=True))
    rest = (await rig.client.get(f"{RUNS}/{KEPT.run.fingerprint}/combinations?by=in.return&limit=1&offset=2")).json()
    assert rest["items"] == page["items"][2:]


async def test_a_heatmap_has_a_cell_for_every_pair_and_null_where_nothing_is(rig: Rig) -> None:
    few = KEPT._replace(combinations=KEPT.combinations.slice(0, 4))
    store(rig, few._replace(run=dataclasses.replace(KEPT.run, combinations=4)))
    found = (await rig.client.get(
        f"{RUNS}/{KEPT.run.fingerprint}/heatmap?x=ma_period&y=envelope_start&aggregate=max"
    )).json()
    assert (found["x"]["values"], found["y"]["values"]) == ([5, 7, 10], [0.05, 0.07])
    assert found["counts"] == [[2, 0, 0], [2, 0, 0]]
    assert [cell is None for row in found["cells"] for cell in row] == [False, True, True, False, True, True]


async def test_a_slice_holds_the_other_parameters_and_says_where_the_choices_lie(rig: Rig) -> None:
    store(rig, KEPT)
    heatmap = f"{RUNS}/{KEPT.run.fingerprint}/heatmap?x=ma_period&y=envelope_start"
    held = (await rig.client.get(f"{heatmap}&fix=stop_fraction:1")).json()
    assert held["counts"] == [[1, 1, 1], [1, 1, 1]]
    whole = (await rig.client.get(heatmap)).json()
    assert held["cells"] != whole["cells"]
    chosen = [mark for mark in whole["marks"] if mark["kind"] == "chosen"]
    for mark, window in zip(chosen, KEPT.windows, strict=True):
        found = (whole["x"]["values"][mark["x"]], whole["y"]["values"][mark["y"]])
        assert found == (window.params["ma_period"], window.params["envelope_start"])
    assert "stop_fraction" in problem(await rig.client.get(f"{heatmap}&fix=stop_fraction:9"), 422)["detail"]
    share = (await rig.client.get(f"{heatmap}&aggregate=positive")).json()
    assert all(0 <= cell <= 1 for row in share["cells"] for cell in row)


async def test_the_binary_body_has_every_combination_as_the_table_has_it(rig: Rig) -> None:
    store(rig, KEPT)
    run = f"{RUNS}/{KEPT.run.fingerprint}"
    answer = await rig.client.get(f"{run}/combos?figure=out.sharpe&figure=in.trades&window=0")
    body = answer.content
    length = int.from_bytes(body[:4], "little")
    header = json.loads(body[4 : 4 + length])
    rows, at = header["rows"], 4 + length
    assert (rows, at % 4) == (KEPT.run.combinations, 0)
    found = {}
    for column in header["columns"]:
        kind = np.dtype("<u2" if column["type"] == "uint16" else "<f4")
        found[column["name"]] = np.frombuffer(body, kind, rows, at)
        at += -(-rows * kind.itemsize // 4) * 4
    assert at == len(body)
    best = (await rig.client.get(f"{run}/combinations?window=0&limit=1000")).json()["items"]
    axes = {c["name"]: c["values"] for c in header["columns"] if c["type"] == "uint16"}
    for item in best:
        row = item["row"]
        assert item["params"] == {name: values[found[name][row]] for name, values in axes.items()}
        assert item["figures"]["out.sharpe"] == pytest.approx(float(found["out.sharpe"][row]))
        assert item["figures"]["in.trades"] == found["in.trades"][row]
    assert sorted(item["rank_in_sample"] for item in best)[0] == 1


@pytest.mark.parametrize("path", ["", "/combinations", "/combos", "/heatmap?x=ma_period&y=envelope_start"])
async def test_who_has_a_run_already_gets_nothing_again_until_its_verdict_is_newer(rig: Rig, path: str) -> None:
    store(rig, KEPT)
    url = f"{RUNS}/{KEPT.run.fingerprint}{path}"
    first = await rig.client.get(url)
    tag = first.headers["etag"]
    again = await rig.client.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    rig.now_ms += 10_000
    store(rig, KEPT._replace(run=dataclasses.replace(KEPT.run, ts_ms=KEPT.run.ts_ms + 6000)))
    newer = await rig.client.get(url, headers={"If-None-Match": tag})
    assert newer.status_code == 200
    assert newer.headers["etag"] != tag


async def test_jobs_are_listed(rig: Rig) -> None:
    for name, state in (("a", "done"), ("b", "running")):
        rig.results.research.save_job(job(name, state=state))
    assert [j["job_id"] for j in (await rig.client.get("/api/optimization/jobs")).json()["items"]] == ["b", "a"]
    running = (await rig.client.get("/api/optimization/jobs?state=running")).json()["items"]
    assert [j["job_id"] for j in running] == ["b"]
    assert (await rig.client.get("/api/optimization/jobs/a")).json()["state"] == "done"
    problem(await rig.client.get("/api/optimization/jobs/c"), 404)


@pytest.mark.parametrize("path", ["", "/combinations", "/heatmap?x=a&y=b"])
async def test_a_run_that_is_not_there_is_not_found(untold: Rig, path: str) -> None:
    route, _, query = path.partition("?")
    problem(await untold.client.get(f"{RUNS}/{'0' * 64}{route}?{query}"), 404)


@pytest.mark.parametrize(
    "path",
    [
        f"{RUNS}?limit=0", f"{RUNS}?grade=G", f"{RUNS}?unknown=1", f"{RUNS}?cursor=x", f"{RUNS}/xyz", f"{RUNS}/abc",
        f"{RUNS}/..%2f..%2fetc", f"{RUNS}/abcd/combinations?by=luck", f"{RUNS}/abcd/heatmap?x=a",
        f"{RUNS}/abcd/heatmap?x=a&y=b&aggregate=sum", f"{RUNS}/abcd/heatmap?x=a&y=b&window=-1",
        "/api/optimization/jobs?state=odd",
    ],
)
async def test_odd_questions_are_refused(untold: Rig, path: str) -> None:
    assert (await untold.client.get(path)).status_code in (404, 422)


async def test_a_parameter_or_window_that_the_run_has_not_is_named(rig: Rig) -> None:
    store(rig, KEPT)
    heatmap = f"{RUNS}/{KEPT.run.fingerprint}/heatmap"
    assert "nothing" in problem(await rig.client.get(f"{heatmap}?x=nothing&y=ma_period"), 422)["detail"]
    assert "99" in problem(
        await rig.client.get(f"{heatmap}?x=stop_fraction&y=ma_period&window=99"), 422
    )["detail"]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(("", "/abcd", "/abcd/heatmap", "/abcd/combinations")),
    st.dictionaries(
        st.sampled_from(("limit", "cursor", "symbol", "grade", "x", "y", "figure", "by", "window", "offset")),
        st.text(max_size=20) | st.integers().map(str) | st.floats().map(str), max_size=4,
    ),
)
def test_no_question_makes_the_server_fail(untold: Rig, path: str, query: dict[str, str]) -> None:
    async def ask() -> int:
        return (await untold.client.get(f"{RUNS}{path}", params=query)).status_code

    assert asyncio.run(ask()) in (200, 404, 422)


@pytest.mark.parametrize("key", ["", KEY + "x"])
async def test_without_the_key_nothing_is_stored_and_the_body_is_not_read(rig: Rig, key: str) -> None:
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield packed(KEPT)

    problem(await rig.client.post(RESULTS, content=body(), headers={**HEADERS, "X-API-Key": key}), 401)
    assert rig.results.runs().items == ()
    assert read == []


async def test_without_a_configured_key_nothing_can_be_sent(tmp_path: Path) -> None:
    rig = Rig(tmp_path, api_key=None)
    problem(await push(rig), 403)
    await rig.close()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422), (b"x" * 100_000, 422), (packed(KEPT)[:-300], 422),
        (packed(sent(fingerprint="../../x")), 422), (packed(sent(strategy="a b")), 422),
    ],
)
async def test_what_is_unsound_is_refused_in_one_line_and_changes_nothing(
    rig: Rig, content: bytes, status: int
) -> None:
    body = problem(await rig.client.post(RESULTS, content=content, headers=HEADERS), status)
    assert "\n" not in body["detail"]
    assert rig.results.runs().items == ()


async def test_another_result_of_the_same_question_is_a_conflict(rig: Rig) -> None:
    await push(rig)
    problem(await push(rig, sent(result_hash="b" * 64, ts_ms=NOW)), 409)
    assert rig.results.run(KEPT.run.fingerprint).result_hash == KEPT.run.result_hash


async def test_another_content_type_is_refused(rig: Rig) -> None:
    problem(await rig.client.post(RESULTS, content=b"{}", headers={**HEADERS, "Content-Type": "text/plain"}), 415)


async def test_a_body_above_the_limit_is_refused_declared_or_not(rig: Rig) -> None:
    megabytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal megabytes
        while True:
            megabytes += 1
            yield b"x" * 1_000_000

    problem(await rig.client.post(RESULTS, content=endless(), headers=HEADERS), 413)
    assert megabytes <= MAX_RESULT_BYTES / 1_000_000 + 2
    declared = {**HEADERS, "Content-Length": str(MAX_RESULT_BYTES + 1)}
    problem(await rig.client.post(RESULTS, content=b"x", headers=declared), 413)


async def test_a_large_body_elsewhere_is_refused_as_ever(rig: Rig) -> None:
    problem(await rig.client.post("/api/halt", content=b"x" * 20_000, headers=HEADERS), 413)


async def test_sending_many_results_does_not_delay_a_halt(rig: Rig) -> None:
    answers = [await rig.client.post(RESULTS, content=b"", headers=HEADERS) for _ in range(121)]
    assert [answer.status_code for answer in answers] == [422] * 120 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await rig.client.post("/api/halt", json={}, headers={"X-API-Key": KEY})).status_code == 200


async def test_a_database_that_cannot_be_opened_makes_results_unavailable_and_nothing_else(tmp_path: Path) -> None:
    def fail() -> ResultStore:
        raise ConfigurationError("database", "url", "x", "must be a database")

    rig = Rig(tmp_path, opening=fail)
    problem(await rig.client.get(RUNS), 503)
    problem(await push(rig), 503)
    assert (await rig.client.get("/api/now")).status_code == 200
    await rig.close()


async def test_a_damaged_file_of_combinations_is_one_clear_line(rig: Rig) -> None:
    store(rig, KEPT)
    path = rig.results.root / "runs" / f"{KEPT.run.fingerprint}.arrow"
    path.write_bytes(path.read_bytes()[:1000])
    body = problem(await rig.client.get(f"{RUNS}/{KEPT.run.fingerprint}/combinations"), 422)
    assert "damaged" in body["detail"]


async def test_where_no_results_are_kept_every_question_is_answered_so(rig: Rig) -> None:
    gateway = ModelGateway(rig.state, rig.ledger_handle, rig.risk_handle, lambda: NOW)
    app = create_app(gateway, KEY)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        problem(await client.get(RUNS), 503)


@pytest.mark.parametrize("change", [lambda d: d.update(curve=None), lambda d: d.pop("verdict"), lambda d: d.clear()])
async def test_a_run_without_the_parts_that_are_shown_is_refused_when_it_is_sent(
    rig: Rig, change: Callable[[dict[str, Any]], object]
) -> None:
    detail = json.loads(json.dumps(KEPT.run.detail))
    change(detail)
    problem(await push(rig, sent(detail=detail)), 422)
    assert rig.results.runs().items == ()


async def test_no_answer_has_nan(rig: Rig) -> None:
    store(rig, sent(sharpe=math.nan))
    for path in (RUNS, f"{RUNS}/{KEPT.run.fingerprint}"):
        text = (await rig.client.get(path)).text
        json.loads(text, parse_constant=lambda word: pytest.fail(word))


async def test_every_route_is_described(untold: Rig) -> None:
    paths = (await untold.client.get("/openapi.json")).json()["paths"]
    for path in (RUNS, f"{RUNS}/{{fingerprint}}/heatmap", "/api/optimization/jobs"):
        schema = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert "$ref" in schema
    assert MEDIA_TYPE in paths[RESULTS]["post"]["requestBody"]["content"]
