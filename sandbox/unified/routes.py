"""Every v3 path and who answers it."""

from __future__ import annotations

from sandbox.market import Market
from sandbox.rest_public import PublicEndpoints
from sandbox.state import State
from sandbox.unified.public import UnifiedEndpoint, UnifiedPublicEndpoints
from sandbox.unified.reading import UnifiedPrivateEndpoint, UnifiedReadingEndpoints
from sandbox.unified.strategies import StrategyEndpoints
from sandbox.unified.trading import UnifiedTradingEndpoints


def unified_public_routes(known: PublicEndpoints, state: State, market: Market) -> dict[str, UnifiedEndpoint]:
    """Path to endpoint; all are GET."""
    return UnifiedPublicEndpoints(known, state, market).routes()


def unified_private_routes(state: State) -> dict[tuple[str, str], UnifiedPrivateEndpoint]:
    """(method, path) to endpoint."""
    return {
        **UnifiedReadingEndpoints(state).routes(),
        **UnifiedTradingEndpoints(state).routes(),
        **StrategyEndpoints(state).routes(),
    }
