"""A fault as it is asked for: kind, what it is about, how often. Typed, and the same as JSON, YAML and short text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from core.errors import ConfigurationError
from sandbox.faults.kinds import TRAITS, FaultKind
from sandbox.faults.occasion import ROLES

_LISTS: Final = ("paths", "channels", "symbols", "roles")
_NUMBERS: Final = ("seconds", "fraction", "milliseconds")


@dataclass(frozen=True, slots=True)
class FaultRule:
    """When a fault strikes. Raises ConfigurationError when a value is unsound.

    paths, channels, symbols, roles : what it is about, everything when empty; paths and channels may have wildcards
    (``*/place-order``), symbols are ours (``BTC-USDT``). probability : of each occasion. nth : the first occasion that
    counts, 1 the very first; alone it means that one and no other. times : strikes at most, None without end.
    seed : of the draws. The argument of the kind: seconds (wall), code, fraction (0 to 1) or milliseconds; None takes
    the kind's own.
    """

    kind: FaultKind
    probability: float = 1.0
    nth: int | None = None
    times: int | None = None
    seed: int = 0
    paths: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    seconds: float | None = None
    code: str | None = None
    fraction: float | None = None
    milliseconds: float | None = None

    def __post_init__(self) -> None:
        argument = TRAITS[self.kind].argument
        strange = [n for n in ("code", *_NUMBERS) if getattr(self, n) is not None and n != argument]
        if strange:
            allowed = f"{self.kind} takes {argument or 'no argument'}"
            raise ConfigurationError("faults", strange[0], getattr(self, strange[0]), allowed)
        rules = (
            ("probability", _number(self.probability) and 0 < self.probability <= 1, "above 0, at most 1"),
            ("nth", self.nth is None or (_whole(self.nth) and self.nth >= 1), "a whole number from 1"),
            ("times", self.times is None or (_whole(self.times) and self.times >= 1), "a whole number from 1"),
            ("seed", _whole(self.seed) and self.seed >= 0, "a whole number from 0"),
            ("roles", set(self.roles) <= set(ROLES), f"of {', '.join(ROLES)}"),
            ("seconds", _within(self.seconds, 0, 86_400), "a number from 0 to a day"),
            ("fraction", _within(self.fraction, 1e-9, 1 - 1e-9), "a number above 0, below 1"),
            ("milliseconds", _within(self.milliseconds, -1e12, 1e12), "a number within 1e12"),
            ("code", _good_code(self.kind, self.code), "digits; of an HTTP error 500 to 599"),
        )
        for key, good, allowed in rules:
            if not good:
                raise ConfigurationError("faults", key, getattr(self, key), allowed)

    @property
    def argument(self) -> float | str | None:
        """The kind's argument, its default where none was given."""
        traits = TRAITS[self.kind]
        given = getattr(self, traits.argument) if traits.argument else None
        return traits.default if given is None else given

    @property
    def most(self) -> float:
        """Strikes at most; once for a rule that names the nth occasion and nothing else."""
        once = self.nth is not None and self.probability == 1.0
        return self.times if self.times is not None else 1 if once else math.inf

    def as_json(self) -> dict[str, Any]:
        """What differs from the defaults, as `rule_of` reads it."""
        shown: dict[str, Any] = {"kind": self.kind.value}
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if value != field.default:
                shown[field.name] = list(value) if isinstance(value, tuple) else value
        return shown


def rule_of(values: object) -> FaultRule:
    """A rule from JSON or YAML. Raises ConfigurationError that names key, value and what is allowed."""
    if not isinstance(values, Mapping):
        raise ConfigurationError("faults", "rule", values, "must be a mapping with a kind")
    known = [field.name for field in fields(FaultRule)]
    for key in values:
        if key not in known:
            raise ConfigurationError("faults", str(key), values[key], f"unknown; there are {', '.join(known)}")
    given = dict(values)
    given["kind"] = _kind(given.get("kind"))
    for name in _LISTS:
        if name in given:
            given[name] = _texts(name, given[name])
    if given.get("code") is not None:
        given["code"] = str(given["code"])
    return FaultRule(**given)


def rules_of(values: object) -> tuple[FaultRule, ...]:
    """Rules from a list, or from a mapping with the list under ``faults``."""
    listed = values.get("faults") if isinstance(values, Mapping) and "kind" not in values else values
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ConfigurationError("faults", "faults", listed, "must be a list of rules")
    return tuple(rule_of(value) for value in listed)


def rules_in(text: str, seed: int = 0) -> tuple[FaultRule, ...]:
    """Rules from short text, ``kind:probability[:argument],...``.

    Each rule draws for itself: its seed is ``seed`` plus its place.

    >>> [rule.as_json() for rule in rules_in("delay:0.5:2,push_lost:0.01")][0]
    {'kind': 'delay', 'probability': 0.5, 'seconds': 2.0}
    """
    rules = []
    for place, part in enumerate(text.split(",")):
        kind_name, _, rest = part.strip().partition(":")
        shown, _, argument = rest.partition(":")
        kind = _kind(kind_name)
        values: dict[str, Any] = {"kind": kind, "seed": seed + place}
        if shown:
            values["probability"] = _read_number("probability", shown)
        if argument:
            name = TRAITS[kind].argument
            if not name:
                raise ConfigurationError("faults", part, argument, f"{kind} takes no argument")
            values[name] = argument if name == "code" else _read_number(name, argument)
        rules.append(FaultRule(**values))
    return tuple(rules)


def _kind(value: object) -> FaultKind:
    try:
        return FaultKind(str(value))
    except ValueError:
        raise ConfigurationError("faults", "kind", value, f"must be one of {', '.join(FaultKind)}") from None


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError("faults", name, value, "must be a list of texts")
    return tuple(value)


def _read_number(name: str, shown: str) -> float:
    try:
        return float(shown)
    except ValueError:
        raise ConfigurationError("faults", name, shown, "must be a number") from None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _within(value: object, low: float, high: float) -> bool:
    """Whether it is a finite number between the two; None is not given, which is allowed."""
    return value is None or (_number(value) and low <= float(str(value)) <= high)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _good_code(kind: FaultKind, code: str | None) -> bool:
    if code is None:
        return True
    return code.isdigit() and (kind is not FaultKind.SERVER_ERROR or 500 <= int(code) <= 599)
