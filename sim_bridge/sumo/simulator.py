"""The embedded simulator with background traffic by SUMO."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from driving_data.errors import RoadloomError, Unsupported
from scenarios.concrete import ConcreteScenario
from scenarios.roads import build_road
from sim_bridge.compile import RoadBuilder, compile_scenarios
from sim_bridge.embedded.session import EmbeddedSession
from sim_bridge.embedded.worlds import WorldSpec
from sim_bridge.sumo.guests import GuestPlan, with_guests
from sim_bridge.sumo.options import SumoOptions


@dataclass(frozen=True, slots=True)
class SumoSimulator:
    """Worlds whose ego and actors are moved by the embedded simulator, among vehicles that SUMO moves.

    Both see one another: SUMO's vehicles are actors of the world, and SUMO has a shadow of every actor of the
    scenario, put where that actor is before each step. SUMO's lights show what those of the scenario show. Each world
    has a SUMO process of its own.

    Attributes:
        options: how much traffic, and the choices of the embedded simulator.
        build: makes the lane map of a road.
    """

    options: SumoOptions = field(default_factory=SumoOptions)
    build: RoadBuilder = build_road

    def open(self, scenarios: Sequence[ConcreteScenario], seeds: Sequence[int]) -> EmbeddedSession:
        """Opens a batch of worlds.

        Raises:
            RoadloomError: SUMO is not installed.
            InputError, Unsupported: as the embedded simulator; a storyboard or a map without OpenDRIVE cannot have
                background traffic, nor can a road with lights that rule no way through a junction.
        """
        if find_spec("libsumo") is None or find_spec("sumo") is None:
            raise RoadloomError("simulator 'embedded+sumo' needs SUMO: pip install 'roadloom[sumo]'")
        if self.options.embedded.device != "cpu":
            raise Unsupported("background traffic by SUMO is played on device 'cpu' only")
        specs, pool = compile_scenarios(scenarios, seeds, self.options.embedded, self.build)
        hosts = [self._host(spec, seed) for spec, seed in zip(specs, seeds, strict=True)]
        return EmbeddedSession(hosts, pool, self.options.embedded)

    def _host(self, spec: WorldSpec, seed: int) -> WorldSpec:
        road = spec.lane_map
        if road is None or road.opendrive is None:
            raise Unsupported("background traffic needs a road with OpenDRIVE text, from which SUMO's network is made")
        if spec.story is not None:
            raise Unsupported("a storyboard moves everybody itself; it takes no background traffic")
        lights = tuple((signal.id, signal.lane_ids) for signal in road.signals)
        return with_guests(spec, GuestPlan(self.options, road.opendrive, len(spec.actors), seed, lights))
