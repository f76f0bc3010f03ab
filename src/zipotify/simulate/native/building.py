"""Compiling, which alone needs Numba: imported only where machine code isn't in the cache yet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.core.typing import signature
from numba.extending import intrinsic

from zipotify.simulate.native.compiled import copy_bytes, inlined_functions


def object_code(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """The function's symbol, a line feed, and its object code for arguments of those types."""
    dispatcher = numba.njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)(function)
    with _helpers_as_numba_knows_them():
        result = dispatcher._compiler.compile(tuple(_type(argument) for argument in arguments), None)
    _name, _kind, (code, _bitcode) = result.library.serialize_using_object_code()
    return bytes(result.fndesc.llvm_func_name.encode() + b"\n" + code)


@contextmanager
def _helpers_as_numba_knows_them() -> Iterator[None]:
    """While it compiles: Numba looks up in a function's module what the function calls."""
    known = _helpers()
    modules = [module for name, module in sys.modules.items() if name.startswith("zipotify.simulate.native.")]
    found = [(vars(module), name, id(value)) for module in modules for name, value in vars(module).items()]
    changed = [(names, name, names[name]) for names, name, number in found if number in known]
    for names, name, value in changed:
        names[name] = known[id(value)]
    try:
        yield
    finally:
        for names, name, value in changed:
            names[name] = value


@cache
def _helpers() -> dict[int, Any]:
    inline = {
        id(function): numba.njit(inline="always", error_model="numpy")(function) for function in inlined_functions
    }
    return inline | {id(copy_bytes): _memcpy}


@intrinsic
def _memcpy(_typing, out, at, source, begin, length):  # type: ignore[no-untyped-def]  # noqa: ARG001
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        out, at, source, begin, length = arguments
        to = context.make_array(signature.args[0])(context, builder, out).data
        come = context.make_array(signature.args[2])(context, builder, source).data
        cgutils.raw_memcpy(builder, builder.gep(to, [at]), builder.gep(come, [begin]), length, 1)
        return context.get_dummy_value()

    return signature(types.void, out, types.int64, source, types.int64, types.int64), generate


def _type(argument: Any) -> Any:
    """Numba's type of an argument; arrays are taken as contiguous and writeable."""
    if isinstance(argument, np.ndarray):
        return types.Array(numba.from_dtype(argument.dtype), argument.ndim, "C")
    if isinstance(argument, tuple):
        return types.containers.NamedTuple([_type(part) for part in argument], type(argument))
    return numba.typeof(argument)
