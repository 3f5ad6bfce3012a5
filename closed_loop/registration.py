"""Makes Gymnasium know our environments as soon as it is loaded, without loading it.

Gymnasium asks for 0.1 s and looks for no plug-ins; whoever imports our packages and never drives should not pay.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ENV_ID = "roadloom/Scenario-v0"
WATCHED = "gymnasium"


def register_envs() -> None:
    """Registers `roadloom/Scenario-v0`; a second call does nothing."""
    import gymnasium

    if ENV_ID not in gymnasium.registry:
        gymnasium.register(
            ENV_ID,
            entry_point="closed_loop.environment.single:ScenarioEnv",
            vector_entry_point="closed_loop.environment.vector:ScenarioVectorEnv",
        )


class _Registering(Loader):
    """Loads as another loader does, then registers."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        register_envs()


class _Watcher(MetaPathFinder):
    """Finds Gymnasium once, and lets it register us when it is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != WATCHED or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Registering(spec.loader)
        return spec


def register_with_gymnasium() -> None:
    """Registers at once where Gymnasium is loaded, else as soon as it is; a second call does nothing."""
    if WATCHED in sys.modules:
        register_envs()
    elif not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())
