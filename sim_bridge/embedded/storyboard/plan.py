"""What a session needs to play a storyboard, beside the arrays of its world."""

from dataclasses import dataclass

from driving_data.environment import Environment
from scenarios.storyboard import Storyboard
from sim_bridge.embedded.paths import PathTable
from sim_bridge.embedded.storyboard.engine import Engine
from sim_bridge.embedded.storyboard.network import RoadNetwork


@dataclass(frozen=True, slots=True, eq=False)
class StoryPlan:
    """What a session needs to play a storyboard.

    Attributes:
        board: the storyboard.
        network: the road, exact.
        environment: weather and light at the start.
        names: entities in the order of the actors; the ego first.
        path: the ego's way.
        signal_ids: signals of the lane map, in order.
        dim: whether headlights burn.
    """

    board: Storyboard
    network: RoadNetwork
    environment: Environment
    names: tuple[str, ...]
    path: PathTable
    signal_ids: tuple[str, ...]
    dim: bool

    def engine(self) -> Engine:
        """A new engine at the beginning of the storyboard."""
        engine = Engine.of(self.board, self.network, self.environment)
        engine.begin()
        return engine
