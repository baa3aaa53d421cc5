"""sha256 of values: records, numbers, words, arrays. Equal values have equal digests in any process, on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

import numpy as np
from pydantic import BaseModel

from core.errors import InputError


def digest(*values: object) -> str:
    """sha256 (hex) of the values, their kinds and their order included. Raises InputError for an unknown kind."""
    return followed(hashlib.sha256(), *values)


def begun(*values: object) -> hashlib._Hash:
    """What `followed` continues: for many digests whose first values are the same."""
    sha = hashlib.sha256()
    for value in values:
        _feed(sha, value)
    return sha


def followed(first: hashlib._Hash, *values: object) -> str:
    """`digest` of the values of `begun` and then of these; ``first`` may be followed by others as well."""
    sha = first.copy()
    for value in values:
        _feed(sha, value)
    return sha.hexdigest()


def _feed(sha: hashlib._Hash, value: object) -> None:  # one case a kind
    if isinstance(value, np.ndarray):
        sha.update(f"a{value.dtype.descr}{value.shape}".encode())
        sha.update(np.ascontiguousarray(value).view(np.uint8).data if value.size else b"")
    elif isinstance(value, Enum):
        _feed(sha, value.value)
    elif isinstance(value, bytes):
        sha.update(b"b%d:" % len(value) + value)
    elif value is None or isinstance(value, (str, bool, int, float)):
        word = repr(value).encode()
        sha.update(f"{type(value).__name__[0]}{len(word)}:".encode() + word)
    elif isinstance(value, np.generic):
        _feed(sha, value.item())
    elif isinstance(value, Mapping):
        sha.update(b"m%d" % len(value))
        for key, item in value.items():
            _feed(sha, key)
            _feed(sha, item)
    elif isinstance(value, (tuple, list)):
        sha.update(b"t%d" % len(value))
        for item in value:
            _feed(sha, item)
    elif is_dataclass(value):
        sha.update(b"d" + type(value).__name__.encode())
        for field in fields(value):
            _feed(sha, field.name)
            _feed(sha, getattr(value, field.name))
    elif isinstance(value, BaseModel):
        sha.update(b"p" + type(value).__name__.encode())
        _feed(sha, value.model_dump())
    else:
        raise InputError(f"{type(value).__name__}: has no digest: allowed are records, numbers, words and arrays")
