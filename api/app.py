"""The application: routes found by themselves, the WebSocket, problem documents, the perimeter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api import examples, live, problems, site, topics
from api.gateway import Gateway
from api.guard import Guard
from api.models import Problem
from api.perimeter import Perimeter
from api.routes import discovered, page
from api.routes.optimization import RESULTS


def create_app(
    gateway: Gateway,
    api_key: str | None,
    *,
    version: str = "0",
    hosts: tuple[str, ...] = (),
    send_timeout_s: float = 2.0,
    dashboard: Path | None = None,
) -> FastAPI:
    """The API over ``gateway``.

    Parameters
    ----------
    api_key : for state-changing calls; None: none is possible. Raises ConfigurationError for a short one.
    hosts : names by which it may be called besides loopback; '*' switches the check off.
    send_timeout_s : a WebSocket client that takes longer for a push is dropped.
    dashboard : folder of the built dashboard, served at ``/``; where it was not built, ``/`` is the plain page.

    No CORS header is ever sent, so pages of other origins read nothing. The interactive documentation is off,
    because it would load from third parties; ``/openapi.json`` describes everything.
    """
    app = FastAPI(
        title="Scalp Radar", version=version, docs_url=None, redoc_url=None,
        description="State and history of the trading system, and the commands to halt and resume it.",
    )
    guard = Guard(api_key, gateway)
    for router in discovered(gateway, guard):
        app.include_router(router)
    app.include_router(live.routes(live.Live(gateway, send_timeout_s=send_timeout_s)))
    if dashboard is not None and site.built(dashboard):
        app.include_router(site.routes(dashboard))
    else:
        app.include_router(page.home(gateway))
    problems.install(app)
    app.add_middleware(Perimeter, hosts=hosts, streamed=frozenset({RESULTS}))
    app.openapi = _with_problems(app.openapi)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _with_problems(openapi: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The description with the schema of problem documents, 422 answered by one as well, and examples."""

    def described() -> dict[str, Any]:
        schema = openapi()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
        for name, described in topics.schemas("#/components/schemas/{model}").items():
            schemas.setdefault(name, described)
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        return examples.add(schema)

    return described
