"""What every test shares: compiled code from one cache, named before anything imports Numba."""

from __future__ import annotations

from scripts.main import keep_compiled_code

keep_compiled_code()
