"""What the WebSocket offers: topics by name, and what stands under each of their keys.

A new topic is a line here and a line in `actors.topics`; the types of the dashboard follow from it.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from api import health_models, models
from api import monitor_models as monitor
from api import research_models as research
from api import risk_models as risk
from api import watch_models as watch

TOPICS: Final[dict[str, type[models.Model]]] = {
    "status": health_models.Status,
    "prices": watch.Quote,
    "positions": models.Position,
    "orders": models.Order,
    "runners": models.Runner,
    "fills": models.Fill,
    "trades": models.Trade,
    "events": models.Event,
    "feeds": health_models.FeedHealth,
    "actors": health_models.ActorHealth,
    "ranking": monitor.Arena,
    "selector": monitor.Selection,
    "equity": watch.EquityNow,
    "next": watch.Upcoming,
    "conditions": watch.Conditions,
    "rules": watch.Rules,
    "sparks": watch.Spark,
    "risk": risk.RiskReport,
    "jobs": research.JobView,
}
"""``status``, ``next`` and ``risk`` have one key, ``now``; the others one for each symbol, strategy, order, ..."""


def schemas(template: str) -> dict[str, Any]:
    """JSON schemas of everything that topics carry, by name of the model; ``template`` makes references."""
    wanted = [(model, "serialization") for model in dict.fromkeys(TOPICS.values())]
    _, described = models_json_schema(wanted, ref_template=template)  # type: ignore[arg-type]  # a list of literals
    found: dict[str, Any] = described["$defs"]
    return found
