"""Venues by name. A venue is a module or package beside this one that offers the two functions of `VenueModule`."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import Protocol, cast

import exchanges
from core.errors import ConfigurationError
from core.settings import Exchange
from exchanges.port import Credentials, PublicVenue, TradingVenue


class VenueModule(Protocol):
    """What a venue's module offers."""

    @property
    def ACCOUNT_TYPES(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """The kinds of account that it can trade, as ``account_type`` in the configuration names them."""

    def public_venue(self, settings: Exchange) -> PublicVenue:
        """Market data; needs no keys."""

    def trading_venue(self, settings: Exchange, credentials: Credentials) -> TradingVenue:
        """One account."""


def venue_names() -> tuple[str, ...]:
    """Every venue there is, sorted."""
    names = (m.name for m in pkgutil.iter_modules(exchanges.__path__))
    return tuple(sorted(name for name in names if _found(name) is not None))


def account_types(name: str) -> tuple[str, ...]:
    """The kinds of account that a venue can trade. Raises ConfigurationError for a name that is none."""
    return _venue(name).ACCOUNT_TYPES


def public_venue(name: str, settings: Exchange) -> PublicVenue:
    """The market data of a venue. Raises ConfigurationError for a name that is none."""
    return _venue(name).public_venue(settings)


def trading_venue(name: str, settings: Exchange, credentials: Credentials) -> TradingVenue:
    """An account at a venue. Raises ConfigurationError for a name that is none."""
    return _venue(name).trading_venue(settings, credentials)


def _venue(name: str) -> VenueModule:
    found = _found(name) if name.isidentifier() else None
    if found is None:
        raise ConfigurationError("exchanges.yaml", "exchanges", name, f"must be one of {', '.join(venue_names())}")
    return found


def _found(name: str) -> VenueModule | None:
    """The venue in the module of that name; None when there is none or it is no venue."""
    if name == "registry" or importlib.util.find_spec(f"exchanges.{name}") is None:
        return None
    module = importlib.import_module(f"exchanges.{name}")
    if callable(getattr(module, "public_venue", None)) and callable(getattr(module, "trading_venue", None)):
        return cast(VenueModule, module)
    return None
