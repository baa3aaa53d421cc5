"""Examples for the description of the API: one for each answer and each value that may be sent.

What a field says of itself comes first (its examples, its choices), then the field's usual words by its name. Every
example fits its schema; `tests/api/test_contract.py` looks at each.
"""

from __future__ import annotations

from typing import Any, Final

_TIME_MS: Final = 1_740_787_200_000
_BY_NAME: Final[dict[str, Any]] = {
    "symbol": "BTC-USDT", "symbols": "BTC-USDT", "strategy": "envelope_dca", "exchange": "bitget", "timeframe": "1h",
    "price": 61_540.0, "mark": 61_540.0, "last": 61_540.0, "average": 61_204.3, "open": 61_300.0, "high": 61_720.5,
    "low": 61_180.0, "close": 61_540.0, "stop": 45_903.2, "target": 62_880.1, "liquidation": 38_210.0,
    "entry": 61_540.0,
    "quantity": 0.06, "notional": 3_692.4, "equity": 10_412.38, "wallet": 10_400.0, "net": 16.88, "fees": 0.73,
    "funding": -0.31, "direction": 1, "name": "executor:bitget", "reason": "news at 14:00", "limit": 100,
    "version": "0.1.0", "currency": "USDT", "fingerprint": "9f1c2e7ab04d", "cursor": "1740787200000.42",
}
_DEPTH: Final = 12


def add(description: dict[str, Any]) -> dict[str, Any]:
    """``description`` (an OpenAPI document, changed in place) with an example wherever one lacks."""
    schemas = description.get("components", {}).get("schemas", {})
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if "example" not in parameter and "examples" not in parameter:
                    parameter["example"] = example(parameter["schema"], schemas, parameter["name"])
            answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            contents = [operation.get("requestBody", {}), *answers]
            for media, body in ((m, b) for c in contents for m, b in c.get("content", {}).items()):
                if media == "application/json" and "example" not in body and "schema" in body:
                    body["example"] = example(body["schema"], schemas)
    return description


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that fits ``schema``; ``schemas`` : what it may refer to by name."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth + 1)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("const", "default"):
        if schema.get(key) not in (None, "", []):
            return schema[key]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            kinds = [kind for kind in schema[key] if kind.get("type") != "null"]
            return example(kinds[0], schemas, name, depth + 1) if kinds and depth < _DEPTH else None
    return _of_type(schema, schemas, name, depth)


def _of_type(schema: dict[str, Any], schemas: dict[str, Any], name: str, depth: int) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, schemas, depth)
        case "array":
            return _array(schema, schemas, name, depth)
        case "boolean":
            return False
        case "integer":
            usual = _TIME_MS if name.endswith("_ms") or name == "t" else 3
            return _within(schema, int(_named(name, (int, float), usual)))
        case "number":
            return _within(schema, float(_named(name, (int, float), 0.5)))
        case "string":
            return _named(name, (str,), "text")
        case _:
            return {}


def _object(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth > _DEPTH:
        return {}
    if "properties" in schema:
        return {key: example(one, schemas, key, depth + 1) for key, one in schema["properties"].items()}
    inner = schema.get("additionalProperties")
    return {"BTC-USDT": example(inner, schemas, "", depth + 1)} if isinstance(inner, dict) and inner else {}


def _array(schema: dict[str, Any], schemas: dict[str, Any], name: str, depth: int) -> list[Any]:
    if depth > _DEPTH:
        return []
    if "prefixItems" in schema:
        return [example(one, schemas, name, depth + 1) for one in schema["prefixItems"]]
    return [example(schema.get("items", {}), schemas, name, depth + 1)] * max(1, schema.get("minItems", 1))


def _named(name: str, kinds: tuple[type, ...], otherwise: Any) -> Any:
    found = _BY_NAME.get(name)
    return found if isinstance(found, kinds) else otherwise


def _within(schema: dict[str, Any], value: Any) -> Any:
    """``value``, moved into what the schema allows."""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if most is not None and value >= most:
        return type(value)(most if "maximum" in schema else (most + (least or 0)) / 2)
    if least is not None and value <= least and "minimum" not in schema:
        return type(value)(least + 1)
    return value if least is None else max(value, type(value)(least))
