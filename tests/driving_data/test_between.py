from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.between import state_between, with_moments
from driving_data.draws import named_generator
from driving_data.geometry import SE3
from tests.generators.street import rollout

MS = 1_000_000


def braking(accel=-3.0, steps=11):
    """Every actor brakes evenly, 0.1 s from moment to moment."""
    ride = rollout(3, steps)
    t = ride.seconds()[:, None]
    place = ride.world_from_actor.translation_m.copy()
    place[..., 0] = place[0, :, 0] + 8.0 * t + 0.5 * accel * t**2
    speed = np.zeros_like(ride.velocity_mps)
    speed[..., 0] = 8.0 + accel * t
    return replace(
        ride, world_from_actor=SE3(ride.world_from_actor.rotation, place), velocity_mps=speed,
        acceleration_mps2=np.broadcast_to([accel, 0.0, 0.0], speed.shape).copy(),
    )  # fmt: skip


def test_its_own_moments_are_the_very_same():
    ride = rollout(4)
    for k in (0, 3, ride.num_steps - 1):
        one, two = state_between(ride, int(ride.timestamps_ns[k])), ride.state_at(k)
        assert np.array_equal(one.world_from_actor.rotation, two.world_from_actor.rotation)
        assert np.array_equal(one.world_from_actor.translation_m, two.world_from_actor.translation_m)
        assert np.array_equal(one.velocity_mps, two.velocity_mps) and one.timestamp_ns == two.timestamp_ns
    assert with_moments(ride, ride.timestamps_ns[2:5]) is ride


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000 * MS))
def test_even_braking_is_exact_between_moments(passed_ns):
    ride = braking()
    state, t = state_between(ride, int(ride.timestamps_ns[0]) + passed_ns), passed_ns * 1e-9
    x = ride.world_from_actor.translation_m[0, :, 0] + 8.0 * t - 1.5 * t * t
    assert np.allclose(state.world_from_actor.translation_m[:, 0], x, atol=1e-9)
    assert np.allclose(state.velocity_mps[:, 0], 8.0 - 3.0 * t, atol=1e-9)


def test_straight_lines_would_miss_by_a_centimetre():
    ride = braking(accel=-8.0)
    middle = state_between(ride, int(ride.timestamps_ns[0]) + 50 * MS).world_from_actor.translation_m[0, 0]
    ends = ride.world_from_actor.translation_m[:2, 0, 0]
    assert middle - ends.mean() == pytest.approx(8.0 * 0.1**2 / 8, abs=1e-9)


def test_turns_are_even_and_what_jumps_goes_straight():
    ride = rollout(2)
    yaw = np.linspace(3.0, 4.0, ride.num_steps)[:, None] * np.ones(2)
    place = ride.world_from_actor.translation_m.copy()
    place[6:, 1, 1] += 20.0
    ride = replace(ride, world_from_actor=SE3.from_yaw(yaw, place))
    state = state_between(ride, int(ride.timestamps_ns[5]) + 25 * MS)
    assert state.world_from_actor.yaw_rad()[0] == pytest.approx(3.525 - 2 * np.pi)
    assert state.world_from_actor.translation_m[1, 1] == pytest.approx(place[5, 1, 1] + 5.0)


def test_masks_lights_and_signals_between():
    ride = rollout(3)
    valid, lights = ride.valid.copy(), ride.lights.copy()
    valid[4:, 2] = False
    lights[4:] = 0
    ride = replace(ride, valid=valid, lights=lights, modes=np.arange(33, dtype=np.uint16).reshape(11, 3))
    state = state_between(ride, int(ride.timestamps_ns[3]) + 99 * MS)
    assert state.valid.tolist() == [True, True, False] and np.isnan(state.world_from_actor.translation_m[2]).all()
    assert np.isnan(state.velocity_mps[2]).all() and np.array_equal(state.lights, ride.lights[3])
    assert state.modes is not None and state.modes.tolist() == [9, 10, 11]


def test_moments_are_put_in_between_in_order():
    ride = rollout(3)
    times = ride.timestamps_ns[:-1] + 30 * MS
    more = with_moments(ride, np.concatenate([times[::-1], ride.timestamps_ns[:2]]))
    assert more.num_steps == 21 and np.all(np.diff(more.timestamps_ns) > 0)
    own = np.isin(more.timestamps_ns, ride.timestamps_ns)
    assert np.array_equal(more.world_from_actor.translation_m[own], ride.world_from_actor.translation_m)
    assert more.lights.dtype == ride.lights.dtype and more.signals.state.shape == (21, 0)
    with pytest.raises(ValueError, match="not within"):
        state_between(ride, int(ride.timestamps_ns[-1]) + 1)


def test_draws_go_by_name_alone():
    assert np.array_equal(named_generator(1, "a", 2).random(9)[:4], named_generator(1, "a", 2).random(4))
    firsts = {named_generator(*key).random() for key in ((1, "a"), (2, "a"), (1, "b"), (1, "a", 0), (1, "a", "0"))}
    assert len(firsts) == 4, "only a number and its text are one name"
