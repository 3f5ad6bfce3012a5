"""Manoeuvres of the algebra are played by the embedded simulator as they are meant."""

import numpy as np
import pytest

from scenarios.algebra import scenario
from scenarios.types.actors import actor, ego
from scenarios.types.manoeuvres import do, step
from scenarios.types.road import road
from sim_bridge.embedded.simulator import EmbeddedSimulator

# name: arguments, how far it comes in 10 s, where it is then left of its lane, how fast it is then
CASES = {
    "brake": ({"to": "2 m/s"}, (18.0, 28.0), 0.0, 2.0),
    "stop": ({}, (5.0, 10.0), 0.0, 0.0),
    "accelerate": ({"to": "12 m/s"}, (100.0, 115.0), 0.0, 12.0),
    "drive_slowly": ({}, (49.0, 53.0), 0.0, 5.0),
    "follow": ({"of": "ego", "speed": "8 m/s"}, (72.0, 80.0), 0.0, 8.0),
    "stand_still": ({}, (2.0, 6.0), 0.0, 0.0),
    "lane_change_left": ({}, (59.0, 61.0), 3.25, 6.0),
    "u_turn": ({"at": "70 m", "to": "6.5 m"}, (0.0, 20.0), 6.5, 4.0),
    "open_door": ({}, (59.0, 61.0), 0.0, 6.0),
    "signal": ({"show": "left"}, (59.0, 61.0), 0.0, 6.0),
    "drop_cargo": ({}, (59.0, 61.0), 0.0, 6.0),
}


@pytest.mark.parametrize("action", sorted(CASES))
def test_a_manoeuvre_ends_where_it_should(action):
    values, (least, most), left, speed = CASES[action]
    wanted = scenario(
        road("urban", lanes=2, parking=False), ego(on="main.2", at="5 m", speed="3 m/s"),
        actor("x", on="main.1", at="50 m", speed="6 m/s"), do("x", step(action, **values)),
    )  # fmt: skip
    session = EmbeddedSimulator().open([wanted.sample(1)], [0])
    session.run(100, "constant_speed")
    rollout = session.rollouts()[0]
    x, y = rollout.world_from_actor.translation_m[:, 1, :2].T
    assert least <= x[-1] - x[0] <= most
    assert y[-1] - y[0] == pytest.approx(left, abs=0.6)
    assert np.linalg.norm(rollout.velocity_mps[-1, 1, :2]) == pytest.approx(speed, abs=0.3)
