"""Strategies named on the command line run instead of the configured ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from scripts.choice import only
from scripts.configuration import find_strategies, load_settings

CONFIG = Path(__file__).parents[2] / "config"


def enabled(settings):
    return {n: e.symbols for n, e in settings.strategies.strategies.items() if e.enabled}


def test_without_names_nothing_changes():
    settings = load_settings(CONFIG)
    assert only(settings, find_strategies(settings, CONFIG), []) is settings


def test_a_file_without_any_configuration_runs_on_every_symbol():
    settings = load_settings(CONFIG)
    chosen = only(settings, find_strategies(settings, CONFIG), ["sma_cross"])
    assert enabled(chosen) == {"sma_cross": settings.assets.symbols}


def test_a_configured_one_keeps_its_entry():
    settings = load_settings(CONFIG)
    chosen = only(settings, find_strategies(settings, CONFIG), ["envelope_dca_short", "sma_cross"])
    entry = chosen.strategies.strategies["envelope_dca_short"]
    assert entry == settings.strategies.strategies["envelope_dca_short"].model_copy(update={"enabled": True})
    assert set(enabled(chosen)) == {"envelope_dca_short", "sma_cross"}


def test_an_unknown_one_is_an_error_with_a_suggestion():
    settings = load_settings(CONFIG)
    with pytest.raises(ConfigurationError, match=r"--strategy = 'sma_cros'.*did you mean 'sma_cross'"):
        only(settings, find_strategies(settings, CONFIG), ["sma_cros"])
