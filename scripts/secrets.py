"""Secrets, from the environment or ``.env`` alone; never in a file of the configuration, never shown."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError


class Secrets(BaseSettings):
    """Keys and the switch for real money. ``repr`` and dumps show stars.

    Environment: BITGET_API_KEY, BITGET_API_SECRET, BITGET_API_PASSPHRASE, SCALP_RADAR_API_KEY, LIVE_TRADING.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    bitget_api_key: SecretStr | None = None
    bitget_api_secret: SecretStr | None = None
    bitget_api_passphrase: SecretStr | None = None
    scalp_radar_api_key: SecretStr | None = Field(None, min_length=12)
    """What a state-changing call of the API must carry."""
    live_trading: bool = False

    def missing_for_live(self) -> tuple[str, ...]:
        """Names of the variables without which no real money can be traded."""
        names = ("bitget_api_key", "bitget_api_secret", "bitget_api_passphrase")
        return tuple(name.upper() for name in names if getattr(self, name) is None)

    def shown(self) -> dict[str, str]:
        """What may be shown: which are set, and the switch."""
        state = {
            name.upper(): "set" if getattr(self, name) is not None else "not set"
            for name in type(self).model_fields
            if name != "live_trading"
        }
        return state | {"LIVE_TRADING": str(self.live_trading).lower()}


def load_secrets(env_file: Path | None = Path(".env")) -> Secrets:
    """Secrets of the environment, then of ``env_file`` where it exists. Raises ConfigurationError, without values."""
    try:
        return Secrets(_env_file=env_file)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = str(first["loc"][0]).upper() if first["loc"] else "environment"
        raise ConfigurationError("environment", key, "(hidden)", first["msg"]) from None
