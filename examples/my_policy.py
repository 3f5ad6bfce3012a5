"""A policy of one's own, driven through two scenarios of the library: `python examples/my_policy.py`."""

import numpy as np

from closed_loop.policies.corridor import corridor_of
from closed_loop.policies.lateral import SteeringParameters, steer
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import library_suite
from driving_data.ports import Control, Observation
from sim_bridge.embedded.simulator import EmbeddedSimulator


class TwoSecondGap:
    """Keeps two seconds behind whoever is ahead: too little where a leader brakes hard. Port: driving_data/ports.py."""

    @property
    def name(self) -> str:
        """Name in reports."""
        return "two_second_gap"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """Controls of all worlds."""
        lane = corridor_of(observation)  # actors as they lie along and beside the route, shape (B, A)
        ahead = lane.present & (lane.s_m > lane.front_m[:, None]) & (np.abs(lane.d_m) < 1.5)
        gap_m = np.where(ahead, lane.s_m - lane.half_along_m - lane.front_m[:, None], np.inf).min(axis=1)
        allowed_mps = np.minimum(observation.target_speed_mps, np.maximum(gap_m - 3.0, 0.0) / 2.0)
        acceleration = np.clip(0.8 * (allowed_mps - lane.speed_mps), -6.0, 2.0)
        return Control(acceleration, steer(observation, lane, SteeringParameters()))


if __name__ == "__main__":
    suite = library_suite("two", ("lead_brakes_hard", "cut_in"), count=2)
    for episode in run_suite(TwoSecondGap(), suite, EmbeddedSimulator()).episodes:
        said = "; ".join(failure.reason for failure in episode.failures) or "no failure"
        print(f"{episode.scenario_name} {episode.index}: score {episode.value('driving_score'):.2f}, {said}")
