"""The embedded simulator: opens batches of worlds from concrete scenarios."""

from collections.abc import Sequence

from scenarios.concrete import ConcreteScenario
from sim_bridge.compile import compile_scenarios
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.session import EmbeddedSession


class EmbeddedSimulator:
    """Batched traffic worlds on compiled kernels: bicycle ego, IDM drivers, behaviours, signals, contacts."""

    def __init__(self, options: EmbeddedOptions | None = None) -> None:
        self._options = options or EmbeddedOptions()

    def open(self, scenarios: Sequence[ConcreteScenario], seeds: Sequence[int]) -> EmbeddedSession:
        """Opens a batch of worlds.

        Raises:
            InputError: a scenario names a route, actor or signal that does not exist.
            Unsupported: a scenario asks for something that this simulator cannot play; the message names the node.
        """
        specs, pool = compile_scenarios(scenarios, seeds, self._options)
        return EmbeddedSession(specs, pool, self._options.num_threads)
