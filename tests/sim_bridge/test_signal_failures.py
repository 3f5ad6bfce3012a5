"""Lights that fail: what they show when, what drivers and radio make of it."""

import numpy as np
import pytest

from driving_data.messages import MessageKind
from driving_data.taxonomy import SignalState
from scenarios.concrete import Feature, SignalProgram
from scenarios.types.temporary import signal_failure
from tests.sim_bridge.worlds import scenario, simulator

PROGRAM = SignalProgram("light", ((SignalState.RED, 3.0), (SignalState.GREEN, 2.0), (SignalState.YELLOW, 1.0)), 0.5)


def shown(*features, program=PROGRAM, steps=95):
    wanted = scenario(features=features, signals=() if program is None else (program,))
    session = simulator().open([wanted], [0])
    session.run(steps, "constant_speed")
    rollout = session.rollouts()[0]
    return rollout.signals.state[:, 0], rollout


def failure(**values):
    return Feature("signal_failures", "f", values)


@pytest.mark.parametrize(("kind", "state"), [
    ("dark", SignalState.OFF), ("flashing", SignalState.FLASHING_YELLOW), ("conflicting", SignalState.GREEN),
    ("stuck", SignalState.RED),
])  # fmt: skip
def test_a_light_fails_for_its_time_and_comes_back_where_it_would_have_been(kind, state):
    plain, _ = shown()
    fails, _ = shown(failure(kind=kind, **{"from": 1.0, "for": 4.0}))
    assert (fails[10:50] == state).all() and not (plain[10:50] == state).all()
    assert np.array_equal(fails[:10], plain[:10]) and np.array_equal(fails[50:], plain[50:])


def test_without_an_end_it_lasts_and_other_lights_do_not_fail():
    fails, _ = shown(failure(kind="dark", **{"from": 2.0}))
    assert (fails[20:] == SignalState.OFF).all() and (fails[:20] != SignalState.OFF).all()
    other, _ = shown(failure(kind="dark", signal="another"))
    assert np.array_equal(other, shown()[0])
    assert (shown(failure(kind="flashing"), program=None)[0] == SignalState.FLASHING_YELLOW).all()


def test_radio_foretells_nothing_of_a_light_that_is_dark():
    radio = Feature("connectivity", "i", {"kind": "v2i", "latency": 0.0})
    _, rollout = shown(failure(kind="dark", **{"from": 3.0, "for": 3.0}), radio)
    said = {m.generated_ns: m.content.signals[0] for m in rollout.messages if m.kind == MessageKind.SIGNALS}
    dark = [light for time, light in said.items() if 3.0e9 <= time < 6.0e9]
    assert len(dark) > 20 and all(x.state is SignalState.OFF and x.seconds_left is None for x in dark)
    assert all(light.seconds_left is not None for time, light in said.items() if time < 3.0e9)


def test_the_leaf_is_typed():
    leaf = signal_failure("storm", kind="dark", from_="3..8 s")
    assert leaf.kind == "signal_failures"
