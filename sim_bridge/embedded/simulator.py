"""The embedded simulator: opens batches of worlds from concrete scenarios."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scenarios.concrete import ConcreteScenario
from scenarios.roads import build_road
from sim_bridge.compile import RoadBuilder, compile_scenarios
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.session import EmbeddedSession


@dataclass(frozen=True, slots=True)
class EmbeddedSimulator:
    """Batched traffic worlds on compiled kernels: bicycle ego, IDM drivers, behaviours, signals, contacts.

    Attributes:
        options: dynamics of the ego, threads, noise of drivers.
        build: makes the lane map of a road; another one puts scenarios onto vector maps of real logs.
    """

    options: EmbeddedOptions = field(default_factory=EmbeddedOptions)
    build: RoadBuilder = build_road

    def open(self, scenarios: Sequence[ConcreteScenario], seeds: Sequence[int]) -> EmbeddedSession:
        """Opens a batch of worlds.

        Raises:
            InputError: a scenario names a route, actor or signal that does not exist.
            Unsupported: a scenario asks for something that this simulator cannot play; the message names the node.
        """
        specs, pool = compile_scenarios(scenarios, seeds, self.options, self.build)
        return EmbeddedSession(specs, pool, self.options)
