"""Functions over arrays, compiled by Numba when first called; the machine code is kept in the cache folder.

It is kept under a hash of all files of this package: Numba itself notices a changed function, but not a changed
function that it calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import cgutils, config, types
from numba.core.typing import signature
from numba.extending import intrinsic

from zipotify.settings import cache_folder

_F = TypeVar("_F", bound=Callable[..., Any])


def _folder() -> Path | None:
    """Where machine code is kept; None where nothing can be written, so that each process compiles anew."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    folder = cache_folder() / "compiled" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


_FOLDER = _folder()
if _FOLDER is not None:
    config.CACHE_DIR = str(_FOLDER)


def compiled(function: _F) -> _F:
    """The function as machine code. Floating point stays strict, so that the same numbers come out everywhere."""
    return cast(_F, numba.njit(cache=_FOLDER is not None, error_model="numpy")(function))


def inlined(function: _F) -> _F:
    """A function that becomes part of those that call it: passing arrays on costs more than most such functions do."""
    return cast(_F, numba.njit(inline="always", error_model="numpy")(function))


@intrinsic
def copy_bytes(_typing, out, at, source, begin, length):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Copy `length` bytes from `source`, from `begin` on, to `out`, from `at` on: one memcpy, no check of bounds."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        out, at, source, begin, length = arguments
        to = context.make_array(signature.args[0])(context, builder, out).data
        come = context.make_array(signature.args[2])(context, builder, source).data
        cgutils.raw_memcpy(builder, builder.gep(to, [at]), builder.gep(come, [begin]), length, 1)
        return context.get_dummy_value()

    return signature(types.void, out, types.int64, source, types.int64, types.int64), generate
