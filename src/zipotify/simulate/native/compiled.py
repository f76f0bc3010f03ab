"""Functions over arrays as machine code: compiled by Numba once, kept in the cache folder, and loaded without Numba.

Importing Numba costs as much as simulating some hundred thousand events, and finding its kept code as much again; so
what it compiled is kept as object code, which llvmlite alone loads. A function is called as the compiled one expects
it: arrays and named tuples flattened, the result by pointer. It returns a whole number or nothing.

Floating point stays strict, so that the same numbers come out everywhere.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numpy as np

from zipotify.runtime.kept import keep, kept_folder

_F = TypeVar("_F", bound=Callable[..., Any])
_RESULTS: list[Any] = [ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_void_p)]
"""Where a compiled function puts its result, and what went wrong."""
inlined_functions: list[Callable[..., Any]] = []
"""Functions that become part of those that call them."""


def inlined(function: _F) -> _F:
    """A function that becomes part of those that call it: passing arrays on costs more than most such functions do."""
    inlined_functions.append(function)
    return function


def copy_bytes(out: Any, at: int, source: Any, begin: int, length: int) -> None:
    """Copy `length` bytes from `source`, from `begin` on, to `out`, from `at` on: one memcpy, no check of bounds."""
    out[at : at + length] = source[begin : begin + length]


class Compiled:
    """A function that is compiled when it is first called with arguments of some types."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__
        self._loaded: dict[str, Any] = {}

    def __call__(self, *arguments: Any) -> int:
        """Arrays must be contiguous; raises TypeError when one isn't."""
        kinds = _kinds(arguments)
        entry = self._loaded.get(kinds)
        if entry is None:
            entry = self._loaded[kinds] = self._load(kinds, arguments)
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        words = [word for argument in _leaves(arguments) for word in _words(argument)]
        if entry(ctypes.byref(result), ctypes.byref(error), *words):
            raise RuntimeError(f"{self.function.__name__} failed")  # nothing in here raises
        return result.value

    def _load(self, kinds: str, arguments: tuple[Any, ...]) -> Any:
        folder = _folder()
        path = (
            folder / f"{self.function.__name__}-{hashlib.sha256(kinds.encode()).hexdigest()[:16]}" if folder else None
        )
        if path and path.exists():
            content = path.read_bytes()
        else:
            from zipotify.simulate.native.building import object_code

            content = object_code(self.function, arguments)
            if path:
                keep(path, content)
        symbol, _, code = content.partition(b"\n")
        types = [kind for argument in _leaves(arguments) for kind in _types(argument)]
        return ctypes.CFUNCTYPE(ctypes.c_int32, *_RESULTS, *types)(_address(symbol.decode(), code))


def compiled(function: Callable[..., Any]) -> Compiled:
    """The function as machine code."""
    return Compiled(function)


@cache
def _folder() -> Path | None:
    """Where machine code for this machine is kept, under a hash of all files of this package: each may change any."""
    machine = f"{version('numba')} {version('llvmlite')} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features()}"
    return kept_folder("compiled", Path(__file__).parent.glob("*.py"), machine)


@cache
def _engine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def _address(symbol: str, code: bytes) -> int:
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return int(engine.get_function_address(symbol))


def _leaves(arguments: tuple[Any, ...]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, tuple):
            yield from _leaves(argument)
        else:
            yield argument


def _kinds(arguments: tuple[Any, ...]) -> str:
    """The arguments' types in words."""
    return " ".join(
        f"{argument.dtype.str}{argument.ndim}" if isinstance(argument, np.ndarray) else type(argument).__name__
        for argument in _leaves(arguments)
    )


def _words(argument: Any) -> tuple[Any, ...]:
    """An argument as compiled functions take it: of an array, also its owner (none), size, address and shape."""
    if not isinstance(argument, np.ndarray):
        return (argument,)
    if not argument.flags.c_contiguous:
        raise TypeError("compiled functions take contiguous arrays only")
    address = argument.__array_interface__["data"][0]
    return (None, None, argument.size, argument.itemsize, address, *argument.shape, *argument.strides)


def _types(argument: Any) -> list[Any]:
    if isinstance(argument, np.ndarray):
        pointer, word = ctypes.c_void_p, ctypes.c_int64
        return [pointer, pointer, word, word, pointer, *[word] * (2 * argument.ndim)]
    return [
        ctypes.c_bool
        if isinstance(argument, bool)
        else ctypes.c_double
        if isinstance(argument, float)
        else ctypes.c_int64
    ]
