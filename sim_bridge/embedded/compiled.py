"""How kernels are compiled.

Four ways, chosen so that the cold compilation of all kernels stays short and a warm start loads a few files only:
`scalar` for laws of plain numbers (callable from Python, so that tests can compare them with their twins), `inner`
for what only other kernels call, `inlined` for the part of it that runs once per actor, `entry` for what Python
calls. Only entries are cached on disk; they contain all that they call. numba looks at the source of the cached
function alone, so the name of an entry carries a digest of every kernel's source: an edited kernel is never served
from an old cache.

Kernels allocate nothing, so reference counting is off; division follows numpy.
"""

import gc
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

from sim_bridge.embedded import handed
from sim_bridge.embedded.lean_library import LeanCompiler, QuickFlags

Given = ParamSpec("Given")
Result = TypeVar("Result")
Record = TypeVar("Record")
_njit: Any = numba.njit
# numba's simulator of a GPU runs kernels as plain Python, so under it nothing is compiled.
SIMULATES_GPU = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
OTHER_SOURCES = ("layout.py", "compiled.py", "lean_library.py", "handed.py")


def _digest_of_sources() -> str:
    here = Path(__file__).resolve().parent
    files = sorted([*here.glob("*kernels.py"), *(here / name for name in OTHER_SOURCES)])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


_DIGEST = _digest_of_sources()


def _plain(dispatcher: Any) -> Any:
    """The dispatcher, told to compile one version for all constants that callers hand in.

    numba makes a version of its own for every literal argument; a column number alone would cost ten of them.
    """
    compile_for = dispatcher.get_call_template

    def call_template(args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        return compile_for(
            tuple(numba.types.unliteral(arg) for arg in args), {k: numba.types.unliteral(v) for k, v in kws.items()}
        )

    dispatcher.get_call_template = call_template
    return _quick(dispatcher)


def _quick(dispatcher: Any) -> Any:
    """The dispatcher, with flags that are compared quickly."""
    dispatcher._compiler._customize_flags = QuickFlags
    return dispatcher


def _undisturbed(dispatcher: Any) -> Any:
    """The dispatcher, compiling without garbage collection, which took a fifth of the time and finds next to nothing.

    Only where Python calls it: what it compiles on the way is part of that.
    """
    make = dispatcher.compile

    def compile_undisturbed(signature: Any) -> Any:
        if not gc.isenabled():
            return make(signature)
        gc.disable()
        try:
            return make(signature)
        finally:
            gc.enable()

    dispatcher.compile = compile_undisturbed
    return dispatcher


def _lean(function: Any, inlines: bool = False) -> Any:
    """A kernel for kernels: no wrapper for Python, no machine code of its own."""
    return _plain(
        _njit(
            nogil=True, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True,
            forceinline=inlines, pipeline_class=LeanCompiler,
        )(function)
    )  # fmt: skip


def scalar(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Compiles a law of plain numbers: for Python where Python calls it, and for kernels without machine code."""
    if SIMULATES_GPU:
        return function
    dispatcher = _njit(nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)(function)
    lean = _lean(function)
    dispatcher.get_call_template, dispatcher.get_overload = lean.get_call_template, lean.get_overload
    return _quick(dispatcher)


def inner(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Compiles a kernel that only other kernels call."""
    return function if SIMULATES_GPU else _lean(function)


def inlined(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Compiles a kernel into its callers: for what takes a world and is called once per actor."""
    return function if SIMULATES_GPU else _lean(function, inlines=True)


def entry(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Compiles and caches a kernel that Python calls."""
    if SIMULATES_GPU:
        return function
    function.__qualname__ = f"{function.__qualname__}_{_DIGEST}"
    dispatcher = _njit(cache=True, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)(function)
    return _undisturbed(_quick(dispatcher))


def _as_it_is(record: Record) -> Record:
    return record


# The record as other kernels are to get it: by reference (`handed`). Only entries may call this.
hand: Callable[[Any], Any] = _as_it_is if SIMULATES_GPU else handed.hand
