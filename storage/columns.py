"""Kinds of columns that the tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, Text
from sqlmodel import Field

_ID = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER numbers its rows by itself there


def key() -> Any:
    """A row's number, given by the database."""
    return Field(default=None, primary_key=True, sa_type=_ID)


def ms() -> Any:
    """A time in UTC ms, or another count beyond 32 bits."""
    return Field(sa_type=BigInteger)


def text() -> Any:
    """Text of any length."""
    return Field(sa_type=Text)
