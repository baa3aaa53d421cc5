"""A tree checked against a model, with the one-line error that a trader can act on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from core.errors import ConfigurationError
from core.settings import Misfit

Model = TypeVar("Model", bound=BaseModel)


class Complaint(NamedTuple):
    """What is wrong: dotted ``key``, ``value``, what is ``allowed``. ``field`` says that one key is at fault."""

    key: str
    value: object
    allowed: str
    field: bool


def validated(model: type[Model], tree: Mapping[str, Any], where: str, prefix: str = "") -> Model:
    """The model filled from ``tree``: no guessing of types, no unknown keys.

    Raises ConfigurationError naming ``where``, the key behind ``prefix``, its value and what is allowed.
    """
    complaint = complaint_about(model, tree, prefix)
    if complaint is not None:
        raise ConfigurationError(where, complaint.key, shortened(complaint.value), complaint.allowed)
    return _filled(model, tree)


def complaint_about(model: type[BaseModel], tree: Mapping[str, Any], prefix: str = "") -> Complaint | None:
    """The first thing wrong with ``tree``, None when nothing is."""
    try:
        _filled(model, tree)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # An unknown key is the likeliest cause of a missing one, so it is said first.
        first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
        return _complaint(model, first, prefix)
    return None


def suggestion(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` when one is near, else the list of what is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"


def shortened(value: object) -> object:
    """The value, or its beginning where it would not fit on a line."""
    return value if len(repr(value)) <= 80 else f"{str(value)[:70]}..."


def _filled(model: type[Model], tree: Mapping[str, Any]) -> Model:
    # JSON mode is strict about types without refusing lists for tuples or whole numbers for floats.
    return model.model_validate_json(json.dumps(tree, default=str), strict=True)


def _complaint(model: type[BaseModel], error: Any, prefix: str) -> Complaint:
    loc = [str(part) for part in error["loc"]]
    value = error.get("input")
    if loc and loc[-1] == "[key]":
        loc = loc[:-1]
        value = loc[-1]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Misfit):
        return Complaint(_dotted(prefix, [cause.key]), cause.value, cause.allowed, True)
    if error["type"] == "extra_forbidden":
        allowed = f"unknown key; {suggestion(loc[-1], _keys(model, loc[:-1]))}"
    elif error["type"] == "missing":
        value, allowed = None, "required, but missing"
    else:
        allowed = str(cause) if isinstance(cause, ValueError) else _plain(error["msg"])
    return Complaint(_dotted(prefix, loc), value, allowed, bool(loc))


def _dotted(prefix: str, loc: list[str]) -> str:
    return ".".join(part for part in (prefix, *loc) if part) or "file"


def _plain(message: str) -> str:
    return message.replace("Input should be", "must be").replace("Value error, ", "")


def _keys(model: type[BaseModel], loc: list[str]) -> Iterable[str]:
    """Keys that a model knows at a place inside it; indices and a mapping's keys stay at the model they lead to."""
    here: type[BaseModel] | None = model
    for part in loc:
        if here is not None and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation)
    return here.model_fields if here is not None else ()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside ``tuple[Model, ...]``, ``dict[str, Model]``, ``Model | None``, or itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := _model_in(a)) is not None), None)
