"""What every settings model is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Letter = Literal["A", "B", "C", "D", "F"]


class Frozen(BaseModel):
    """Base of every settings model: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
