"""A batch of worlds as a Gymnasium vector environment: one compiled step for all of them.

`gymnasium.make_vec("roadloom/Scenario-v0", num_envs=256, vectorization_mode="vector_entry_point", vector_kwargs=...)`.
Each slot of the batch runs its own episodes: episode k of slot i depends on (seed, i, k) only, not on how many slots
there are. An ended slot begins its next episode in the step after (`AutoresetMode.NEXT_STEP`: that step ignores the
action and its reward is 0) or in the same step (`SAME_STEP`: the last observation is in `info["final_obs"]`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from closed_loop.environment.actions import Actions, shaped
from closed_loop.environment.reward import RewardWeights, step_rewards
from closed_loop.environment.scenarios import Given, draw, generator, sources
from closed_loop.environment.single import ENDS, actions_of
from closed_loop.environment.views import View, view_of
from driving_data.errors import RoadloomError
from driving_data.ports import Control, Observation
from driving_data.rollout import Rollout
from sim_bridge.compile import compile_scenarios
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.session import EmbeddedSession

DRAWS = 32


class ScenarioVectorEnv(VectorEnv[Any, np.ndarray, np.ndarray]):
    """B slots over one session of the embedded simulator."""

    def __init__(
        self,
        num_envs: int,
        scenario: Given | Sequence[Given],
        view: str | View = "vector",
        action: str | Actions = "control",
        reward: RewardWeights | None = None,
        options: EmbeddedOptions | None = None,
        draws: int = DRAWS,
        autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        """Prepares the batch.

        Args:
            num_envs: B.
            scenario: as for `ScenarioEnv`.
            view: likewise.
            action: likewise.
            reward: likewise.
            options: of the embedded simulator; its threads share the batch.
            draws: how many scenarios are drawn at `reset(seed=...)`; episodes choose among them.
            autoreset_mode: when ended slots begin again.

        Raises:
            InputError: an unknown name, or a scenario file with faults.
        """
        if num_envs < 1 or draws < 1:
            raise RoadloomError(f"{num_envs} environments over {draws} draws; at least one of each is meant")
        self.num_envs, self.draws = num_envs, draws
        self.sources, self.options = sources(scenario), options or EmbeddedOptions()
        self.view, self.actions, self.weights = view_of(view), actions_of(action), reward or RewardWeights()
        self.metadata = {"autoreset_mode": autoreset_mode}
        self.single_observation_space, self.single_action_space = self.view.space, self.actions.space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._same_step = autoreset_mode == AutoresetMode.SAME_STEP
        self._session: EmbeddedSession | None = None
        self._seed = 0
        self._episode = np.zeros(num_envs, dtype=np.int64)
        self._ended = np.zeros(num_envs, dtype=bool)
        self._step_s = np.zeros(num_envs)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in every slot; a seed draws the scenarios anew."""
        if seed is not None or self._session is None:
            self._seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
            self._prepare()
            self._episode[:] = 0
        else:
            self._episode += 1
        self._ended[:] = False
        seen = self._place(np.arange(self.num_envs))
        self.view.begin(self.num_envs)
        return self.view.see(seen, self._lived), self._info()

    def step(self, actions: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Drives every slot one step.

        Raises:
            RoadloomError: `reset` has not been called.
            ValueError: the actions have another shape than the action space, or are not finite.
        """
        if self._session is None:
            raise RoadloomError("call reset before step")
        fresh = self._ended.copy()
        before = self._seen
        control = self.actions.control(shaped(actions, self.action_space.shape or ()), before)
        control = Control(np.where(fresh, 0.0, control.acceleration_mps2), np.where(fresh, 0.0, control.steering_rad))
        after = self._session.step(control)
        reward, happened = self._judged(before, after, control, fresh)
        terminated = happened[:, ENDS].any(axis=1) & ~fresh
        truncated = after.done & ~terminated & ~fresh
        info: dict[str, Any] = {"gained_m": np.where(fresh, 0.0, before.route_remaining_m - after.route_remaining_m)}
        self._ended = terminated | truncated
        if self._same_step and self._ended.any():
            info["final_obs"] = self.view.see(after, self._lived)
            info["_final_obs"] = self._ended.copy()
            fresh, self._ended = self._ended, np.zeros(self.num_envs, dtype=bool)
        if fresh.any():
            self._episode[fresh] += 1
            after = self._place(np.flatnonzero(fresh))
        self._seen = after
        return self.view.see(after, self._lived), reward, terminated, truncated, {**info, **self._info()}

    def _judged(
        self, before: Observation, after: Observation, control: Control, fresh: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        happened = after.happened > before.happened
        reward = step_rewards(
            before.route_remaining_m - after.route_remaining_m, before.target_speed_mps, self._step_s,
            control.acceleration_mps2, happened, self.weights,
        )  # fmt: skip
        return np.where(fresh, 0.0, reward), happened

    def close_extras(self, **_: Any) -> None:
        """Closes the session."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self.view.begin(0)

    def rollouts(self) -> tuple[Rollout, ...]:
        """What happened in the running episode of each slot."""
        return self._lived()

    def _prepare(self) -> None:
        """Draws the scenarios of this seed and opens a session over them."""
        if self._session is not None:
            self._session.close()
        drawn = [draw(self.sources, generator(self._seed, k))[1] for k in range(self.draws)]
        self._drawn = drawn
        specs, pool = compile_scenarios(drawn, [one.seed for one in drawn], self.options)
        self._session = EmbeddedSession(specs, pool, self.options, rows=[0] * self.num_envs)
        self._chosen = np.zeros(self.num_envs, dtype=np.int64)

    def _place(self, slots: np.ndarray) -> Observation:
        """Begins the next episode in some slots."""
        if self._session is None:
            raise RoadloomError("call reset first")
        for slot in slots:
            rng = generator(self._seed, self.draws + int(slot), int(self._episode[slot]))
            self._chosen[slot] = int(rng.integers(self.draws))
            self._step_s[slot] = self._drawn[self._chosen[slot]].step_s
        self._seen = self._session.place([int(s) for s in slots], [int(self._chosen[s]) for s in slots])
        return self._seen

    def _lived(self) -> tuple[Rollout, ...]:
        if self._session is None:
            raise RoadloomError("call reset first")
        return self._session.rollouts()

    def _info(self) -> dict[str, Any]:
        return {"draw": self._chosen.copy(), "episode": self._episode.copy()}
