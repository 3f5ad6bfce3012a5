"""Kernels that only other kernels call are compiled once: into the entry that contains them.

numba optimises every compiled function by itself and makes machine code of it, then does both again in each caller
that takes it in. For a kernel that nothing but kernels calls, the first is waste: it was two fifths of a cold start.
Here such a kernel stays what its lowering made of it until the entry takes it in.
"""

from typing import Any

from numba.core import codegen, compiler

_JitLibrary: Any = codegen.JITCodeLibrary
_CompilerBase: Any = compiler.CompilerBase
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

    def _optimize_final_module(self) -> None:
        """The entry is optimised, with all that it has taken in."""

    def _finalize_final_module(self) -> None:
        """Closes the module; the engine never gets it."""
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class LeanCompiler(_CompilerBase):
    """numba's compiler for native code, with a lean library."""

    def define_pipelines(self) -> list[Any]:
        """The usual passes over a library of our own."""
        if self.state.library is None:
            self.state.library = LeanLibrary(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        return [_passes.define_nopython_pipeline(self.state)]
