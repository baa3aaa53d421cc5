"""Hints to the compiler: what is rarely true, and which arguments share no memory.

Without the first LLVM divides by a tick of zero for every price and throws the result away, which cost a third of a
sweep. Without the second it must assume that what is written to the book changes the plan, and reads that again.
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


@intrinsic
def apart(_typing: Any) -> Any:
    """Promise that the arguments of the function that says this lie in memory apart from each other."""

    def lower(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        for argument in builder.function.args[2:]:  # behind the places of result and exception
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), lower
