"""One world as a Gymnasium environment: `gymnasium.make("roadloom/Scenario-v0", scenario="late_pedestrian")`.

Observations: `closed_loop.environment.views` (`view=`); actions: `closed_loop.environment.actions` (`action=`); reward:
`closed_loop.environment.reward`. terminated: collision, off the road, or goal. truncated: the scenario's time is up.
`reset(seed=...)` draws the scenario: the same seed, the same scenario and the same episode.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from closed_loop.environment.actions import ACTIONS, Actions, shaped
from closed_loop.environment.reward import RewardWeights, step_rewards
from closed_loop.environment.scenarios import Given, draw, generator, sources
from closed_loop.environment.views import View, view_of
from driving_data.errors import Fault, InputError, RoadloomError, nearest_name
from driving_data.ports import NUM_HAPPENINGS, Happening, Observation, Session, Simulator
from driving_data.rollout import Rollout
from scenarios.concrete import ConcreteScenario
from sim_bridge.embedded.simulator import EmbeddedSimulator

ENDS = [int(Happening.COLLISION), int(Happening.OFF_ROAD), int(Happening.GOAL_REACHED)]


def actions_of(action: str | Actions) -> Actions:
    """The way to act of that name.

    Raises:
        InputError: there is none; the fault names the nearest.
    """
    if not isinstance(action, str):
        return action
    if action not in ACTIONS:
        expected = f"one of {', '.join(ACTIONS)}"
        near = nearest_name(action, ACTIONS)
        raise InputError([Fault("", 0, 0, "action", "unknown-name", repr(action), expected, near)])
    return ACTIONS[action]


class ScenarioEnv(gymnasium.Env[Any, np.ndarray]):
    """One world of any simulator."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012  as Gymnasium wants it

    def __init__(
        self,
        scenario: Given | Sequence[Given],
        simulator: Simulator | None = None,
        view: str | View = "vector",
        action: str | Actions = "control",
        reward: RewardWeights | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Prepares the environment.

        Args:
            scenario: name in the library, file (.yaml, .xosc, .json), scenario, or several of them.
            simulator: where the worlds are; the embedded one by default.
            view: 'vector', 'flat', 'raster', 'sensors', or a `View`.
            action: 'control', 'trajectory', or `Actions`.
            reward: weights of the reward.
            render_mode: 'rgb_array' for a picture from above; None for none.

        Raises:
            InputError: an unknown name, or a scenario file with faults.
        """
        self.sources = sources(scenario)
        self.simulator: Simulator = simulator or EmbeddedSimulator()
        self.view, self.actions, self.weights = view_of(view), actions_of(action), reward or RewardWeights()
        self.render_mode = render_mode
        self.observation_space, self.action_space = self.view.space, self.actions.space
        self.scenario: ConcreteScenario | None = None
        self._session: Session | None = None
        self._seen: Observation | None = None
        self._before = np.zeros((1, NUM_HAPPENINGS), dtype=np.int64)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Starts an episode; `options={"scenario": ...}` (a concrete one) takes that instead of drawing one."""
        super().reset(seed=seed)
        given = (options or {}).get("scenario")
        if given is None:
            index, chosen = draw(self.sources, generator(int(self.np_random.integers(2**31 - 1))))
        else:
            index, chosen = -1, given
        self._close_session()
        self.scenario = chosen
        self._session = self.simulator.open([chosen], [chosen.seed])
        self._seen = self._session.reset()
        self._before = self._happened(self._seen)
        self.view.begin(1)
        told = {"index": index, "scenario": chosen.name, "seed": chosen.seed, "digest": chosen.digest()}
        return first(self.view.see(self._seen, self._lived)), told

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Drives one step.

        Raises:
            RoadloomError: `reset` has not been called.
            ValueError: the action has another shape than the action space, or is not finite.
        """
        if self._session is None or self._seen is None or self.scenario is None:
            raise RoadloomError("call reset before step")
        before = self._seen
        control = self.actions.control(shaped(action, self.action_space.shape or ())[None], before)
        self._seen = after = self._session.step(control)
        counted = self._happened(after)
        happened, self._before = counted > self._before, counted
        gained = before.route_remaining_m - after.route_remaining_m
        reward = step_rewards(
            gained, before.target_speed_mps, np.array([self.scenario.step_s]), control.acceleration_mps2, happened,
            self.weights,
        )  # fmt: skip
        terminated = bool(happened[0, ENDS].any())
        truncated = not terminated and bool(after.done[0])
        info = {"events": names(happened[0]), "gained_m": float(gained[0]), "time_s": float(after.time_s[0])}
        return first(self.view.see(after, self._lived)), float(reward[0]), terminated, truncated, info

    def render(self) -> Any:
        """A picture from above, (H, W, 3) uint8, where `render_mode` asks for it."""
        if self.render_mode != "rgb_array" or self._seen is None:
            return None
        from closed_loop.environment.raster import picture

        return picture(self._seen, 0)

    def close(self) -> None:
        """Ends the running episode; a second call does nothing."""
        self._close_session()
        self.view.begin(0)

    def rollout(self) -> Rollout:
        """What happened in the episode so far.

        Raises:
            RoadloomError: `reset` has not been called.
        """
        return self._lived()[0]

    def _close_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _lived(self) -> tuple[Rollout, ...]:
        if self._session is None:
            raise RoadloomError("call reset first")
        return self._session.rollouts()

    def _happened(self, seen: Observation) -> np.ndarray:
        """How often each thing befell the ego; from the events where the simulator does not count."""
        if len(seen.happened):
            return seen.happened
        rollout = self._lived()[0]
        ego = rollout.actors.ids[rollout.ego_index]
        kinds = [event.kind for event in rollout.events if ego in event.actor_ids]
        return np.array([[kinds.count(kind.name.lower()) for kind in Happening]], dtype=np.int64)


def first(seen: Any) -> Any:
    """What the first world looks like."""
    return {name: value[0] for name, value in seen.items()} if isinstance(seen, dict) else seen[0]


def names(happened: np.ndarray) -> list[str]:
    """Names of what happened, sorted."""
    return sorted(kind.name.lower() for kind in Happening if happened[kind])
