"""Kernels that only other kernels call are compiled once: into the entry that contains them.

numba optimises every compiled function by itself and makes machine code of it, then does both again in each caller
that takes it in, and a caller takes in whatever its callees took in. For a kernel that nothing but kernels calls, all
of that is waste. Here such a kernel stays what its lowering made of it until the entry takes it in, with all that it
needs, once.
"""

from typing import Any

from numba.core import codegen, compiler

_JitLibrary: Any = codegen.JITCodeLibrary
_CompilerBase: Any = compiler.CompilerBase
_Flags: Any = compiler.Flags
_passes: Any = compiler.DefaultPassBuilder


class _NoEnvironment:
    """Nothing runs from a lean library, so nothing there needs an environment of Python."""

    def set_env(self, name: str, env: object) -> None:
        """There is nowhere to write it."""


class LeanLibrary(_JitLibrary):
    """Code to be linked into callers; no machine code is made of it."""

    @property
    def codegen(self) -> Any:
        """Who would be told of environments."""
        return _NoEnvironment()

    def get_pointer_to_function(self, name: str) -> int:
        """No machine code: 0, which is what numba says of a symbol that is not there."""
        self._ensure_finalized()
        return 0

    def add_llvm_module(self, ll_module: Any) -> None:
        """Takes in what lowering made, as it is: the entry is optimised, with all that it has taken in."""
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Closes the module; the engine never gets it, and what it calls is linked where it is linked."""
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        for library in self._linking_libraries:
            self._reload_init.update(library._reload_init)
        self._finalized = True

    def needs(self) -> list[Any]:
        """Every library that this one calls, directly or not, each once."""
        found: dict[Any, None] = {}
        waiting = list(self._linking_libraries)
        while waiting:
            library = waiting.pop()
            if library not in found:
                found[library] = None
                waiting.extend(library._linking_libraries)
        return list(found)

    def _own_module(self) -> Any:
        """The code of this kernel alone, fit for linking."""
        return super()._get_module_for_linking()

    def _get_module_for_linking(self) -> Any:
        """The code of this kernel and of all that it needs, as asked for by what is no kernel: an entry."""
        module = self._own_module().clone()
        for library in self.needs():
            lean = isinstance(library, LeanLibrary)
            module.link_in(library._own_module() if lean else library._get_module_for_linking(), preserve=True)
        return module


class QuickFlags(_Flags):
    """Flags that are compared by what was set: numba looks them up a hundred thousand times per cold start."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(frozenset(self._values))

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, QuickFlags) else NotImplemented


class LeanCompiler(_CompilerBase):
    """numba's compiler for native code, with a lean library."""

    def define_pipelines(self) -> list[Any]:
        """The usual passes over a library of our own."""
        if self.state.library is None:
            self.state.library = LeanLibrary(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return [_passes.define_nopython_pipeline(self.state)]
