"""What the description says is what is answered: schemathesis over every operation, examples, and nothing foreign."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.routes.optimization import RESULTS
from tests import messages
from tests.api.rig import KEY, Rig, well

CONFORM = [
    status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance,
]
load_all_checks()


@pytest.fixture(scope="module")
def world() -> Iterator[Rig]:
    """Everything known; called by the name under which schemathesis asks."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), hosts=("testserver",))
        rig.tell(*messages.ONE_OF_EACH, *well())
        yield rig


@pytest.fixture(scope="module")
def description(world: Rig) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", world.app)


def no_failure(_context: Any, response: Any, case: Any) -> None:
    """Nothing fails; only what is not there in this world may be unavailable."""
    if response.status_code >= 500 and response.status_code != 503:
        raise Failure(operation=case.operation.label, title="server error", message=response.text)


def test_every_operation_answers_as_described(description: Any) -> None:
    found = [result.ok() for result in description.get_all_operations()]
    assert len(found) > 30
    for operation in found:
        if operation.path == RESULTS:
            continue  # an Arrow file, which nobody draws at random: `tests/api/test_push.py`

        @settings(max_examples=10, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
                  suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(headers={"X-API-Key": KEY}, checks=[no_failure, *CONFORM])

        ask()


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


async def test_every_operation_says_what_it_is_with_examples_that_fit(untold: Rig) -> None:
    described = (await untold.client.get("/openapi.json")).json()
    found = list(operations(described))
    assert len(found) > 30
    for name, operation in found:
        assert operation["summary"], name
        assert operation["tags"], name
        assert operation["description"].strip(), name
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert answers, name
        contents = [operation.get("requestBody", {}), *answers]
        values = [(p["schema"], p.get("example", p.get("examples"))) for p in operation.get("parameters", ())]
        values += [
            (body["schema"], body.get("example")) for c in contents for media, body in c.get("content", {}).items()
            if media == "application/json"
        ]
        for part, example in values:
            whole = {**part, "components": described["components"]}
            errors = [str(e.message) for e in jsonschema_rs.validator_for(whole).iter_errors(example)]
            assert not errors, (name, example, errors)


async def test_every_problem_that_is_described_is_a_problem_document(untold: Rig) -> None:
    described = (await untold.client.get("/openapi.json")).json()
    for name, operation in operations(described):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (name, status)


async def test_no_answer_lets_another_origin_read_it(untold: Rig) -> None:
    described = (await untold.client.get("/openapi.json")).json()
    for path in described["paths"]:
        for method in ("GET", "OPTIONS", "POST"):
            answer = await untold.client.request(method, path, headers={"Origin": "http://evil.example"})
            assert answer.status_code == 403, (method, path)
            assert not [header for header in answer.headers if header.startswith("access-control")]


@pytest.mark.parametrize("path", [
    "/api/../../etc/passwd", "/api/%2e%2e/%2e%2e/etc/passwd", "/api/grid/..%2f..%2fx/BTC-USDT", "/api//events",
    "/api/data/coverage/..%2f..%2fetc/BTC-USDT/1m", "/api/optimization/runs/..%2f..%2fx", "/%00", "/api/events/%ff",
])
async def test_tricks_with_paths_lead_nowhere(untold: Rig, path: str) -> None:
    answer = await untold.client.get(path)
    assert answer.status_code in (404, 405, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "root:" not in answer.text


async def test_every_change_of_state_needs_the_key(rig: Rig) -> None:
    described = (await rig.client.get("/openapi.json")).json()
    open_to_all = {"/api/risk/calculate", "/api/commands/prepare", "/api/optimization/estimate"}
    for path, methods in described["paths"].items():
        for method in methods.keys() - {"get"}:
            said = {int(status) for status in methods[method]["responses"]}
            assert {401, 403, 429} <= said or path in open_to_all, (method, path)
