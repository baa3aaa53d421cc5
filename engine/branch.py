"""A hint to the compiler: this condition is rarely true, so do not compute ahead what it guards.

Without it LLVM divides by a tick of zero for every price and throws the result away, which cost a third of a sweep.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def rarely(_typing: Any, condition: Any) -> Any:
    """``condition``, which compiled code is told to expect to be False."""

    def lower(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        bit = ir.IntType(1)
        expect = builder.module.declare_intrinsic("llvm.expect", [bit], ir.FunctionType(bit, [bit, bit]))
        value = context.cast(builder, arguments[0], condition, types.boolean)
        return builder.call(expect, [builder.trunc(value, bit) if value.type != bit else value, bit(0)])

    return types.boolean(condition), lower
