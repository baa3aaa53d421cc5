"""The description of the API, written without starting anything: what the dashboard's types are made from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from actors.api_gateway import ModelGateway
from actors.read_model import Facts, ReadModel
from api.app import create_app


def described() -> str:
    """OpenAPI as JSON, always the same for the same routes."""
    gateway = ModelGateway(ReadModel(Facts("demo")), None, None, lambda: 0)
    return json.dumps(create_app(gateway, None).openapi(), indent=1, sort_keys=True)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(described(), encoding="utf-8")
