"""Radio: what is said and when, what the channel does to it, and that it is the same every time."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, box
from shapely.affinity import rotate, translate

from driving_data.maps.lane_map import MapObject
from driving_data.messages import Hazard, HazardCause, MessageKind, SignalPhases, UserState
from driving_data.positioning import segment_meets_box
from driving_data.store.store import SegmentStore
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.behaviour import AtTime, ChangeSpeed, When
from scenarios.concrete import Driver, Feature, Place, SignalProgram
from sim_bridge.conformance import expect_same
from sim_bridge.embedded.counted import Purpose, normals, uniforms
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.v2x import channel
from sim_bridge.embedded.v2x.radio import gamma_latency_s
from sim_bridge.embedded.v2x.senders import due_times_ns, triggered
from sim_bridge.embedded.v2x.signals import timing
from tests.sim_bridge.worlds import car, scenario, simulator, straight_map


def link(name="v", **values):
    return Feature("connectivity", name, {"kind": "v2v", **values})


def heard(*actors, steps=60, seed=3, features=(), lane_map=None, driver="idm_lane_follow", **changes):
    wanted = scenario(*actors, features=features, **changes)
    session = simulator(lane_map).open([wanted], [seed])
    session.run(steps, driver)
    return session.rollouts()[0]


def of_kind(rollout, kind, sender=None):
    return [m for m in rollout.messages if m.kind == kind and sender in (None, m.sender)]


# Draws.


def test_counted_draws_are_uniform_normal_and_independent():
    k = np.arange(40_000)
    u = uniforms(7, Purpose.LOSS, k)
    assert abs(u.mean() - 0.5) < 0.005 and abs(u.var() - 1 / 12) < 0.002
    z, other = normals(7, Purpose.SHADOW, k, 1), normals(7, Purpose.SHADOW, k, 2)
    assert abs(z.std() - 1.0) < 0.015 and abs(np.corrcoef(z, other)[0, 1]) < 0.015
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 0.015
    assert np.array_equal(u[100:110], uniforms(7, Purpose.LOSS, np.arange(100, 110)))
    assert not np.array_equal(u[:5], uniforms(8, Purpose.LOSS, k[:5]))


# The channel against numbers worked out by hand.


def test_path_loss_and_blockage_have_the_published_values():
    yes, no = np.array([True]), np.array([False])
    assert channel.path_loss_db(np.array([100.0]), no, False)[0] == pytest.approx(32.4 + 40.0 + 15.417, abs=0.001)
    assert channel.path_loss_db(np.array([100.0]), no, True)[0] == pytest.approx(38.77 + 33.4 + 14.0295, abs=0.001)
    assert channel.path_loss_db(np.array([100.0]), yes, True)[0] == pytest.approx(36.85 + 60.0 + 14.5691, abs=0.001)

    def behind(lower, higher, blocker, normal, distance=100.0):
        values = (distance, lower, higher, blocker, normal)
        return float(channel.blockage_db(*(np.array([v]) for v in values))[0])

    assert behind(1.5, 1.5, 3.5, 0.0) == pytest.approx(9.0) and behind(1.5, 4.0, 3.5, 0.0) == pytest.approx(5.0)
    assert behind(3.6, 4.0, 3.5, 9.0) == 0.0 and behind(1.5, 1.5, -math.inf, 9.0) == 0.0
    assert behind(1.5, 1.5, 3.5, 1.0) == pytest.approx(13.5) and behind(1.5, 1.5, 3.5, -3.0) == 0.0
    assert behind(1.5, 1.5, 3.5, 0.0, 1000.0) == pytest.approx(9.0 + 45.0 - 41.0)


def test_fading_keeps_the_mean_power_and_is_deeper_far_away():
    u = (np.arange(20_000) + 0.5) / 20_000
    power = {d: 10 ** (channel.fading_db(np.full(len(u), d), u) / 10) for d in (20.0, 100.0, 300.0)}
    for d, shape in ((20.0, 3.0), (100.0, 1.5), (300.0, 1.0)):
        assert power[d].mean() == pytest.approx(1.0, abs=0.01) and power[d].var() == pytest.approx(1 / shape, rel=0.02)


@given(
    st.lists(st.tuples(*[st.floats(-60, 60)] * 2), min_size=1, max_size=4),
    st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    st.lists(
        st.tuples(st.floats(-40, 40), st.floats(-40, 40), st.floats(-4, 4), st.floats(0.5, 20), st.floats(0.5, 8)),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_lines_of_sight_meet_boxes_as_shapely_says(starts, end, boxes):
    found = segment_meets_box(np.array(starts), np.array(end), np.array(boxes))
    for i, start in enumerate(starts):
        for j, (x, y, yaw, length, width) in enumerate(boxes):
            shape = box(-length / 2, -width / 2, length / 2, width / 2)
            shape = translate(rotate(shape, yaw, origin=(0, 0), use_radians=True), x, y)
            line = LineString([start, end])
            inside = line.intersection(shape).length if line.length else 0.0
            # A line that only grazes an edge may fall either way.
            if inside > 1e-6:
                assert found[i, j]
            elif not line.buffer(1e-6).intersects(shape):
                assert not found[i, j]


def test_load_slows_stations_down_in_the_steps_of_the_standard():
    busy = np.array([0.0, 0.29, 0.30, 0.39, 0.40, 0.49, 0.50, 0.64, 0.65, 1.0])
    expected = [0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.25, 0.25, 1.0, 1.0]
    assert channel.gap_for_load_s(busy).tolist() == expected


def test_air_time_of_300_bytes_is_448_microseconds():
    assert pytest.approx(448e-6) == channel.AIR_TIME_S


def test_hidden_stations_grow_with_distance_and_load():
    near, far = channel.hidden_rate_hz(np.array([10.0, 400.0]), np.zeros(2), 0.6, False)
    assert far == pytest.approx(40 * near)
    assert channel.survives_collisions(np.array([0.0]))[0] == 1.0
    assert channel.survives_collisions(np.array([500.0]))[0] == pytest.approx(math.exp(-0.448))


def test_latency_is_gamma_distributed():
    u = (np.arange(20_000) + 0.5) / 20_000
    late = gamma_latency_s(0.05, 0.02, u)
    assert late.mean() == pytest.approx(0.05, rel=0.01) and late.std() == pytest.approx(0.02, rel=0.02)
    assert late.min() > 0.0 and float(((late - 0.05) ** 3).mean() / 0.02**3) == pytest.approx(0.8, abs=0.05)
    assert (gamma_latency_s(0.05, 0.0, u[:3]) == 0.05).all()


# What is said.


def test_a_message_tells_of_its_own_moment_and_comes_late():
    rollout = heard(car("a", 80.0, 15.0, driver=Driver(kind="none")), features=(link(latency=0.25),))
    messages = of_kind(rollout, MessageKind.AWARENESS, "a")
    assert len(messages) > 50
    for message in messages:
        assert isinstance(message.content, UserState)
        assert message.age_ns == 250_000_000
        # True when it was generated, 3.75 m behind where the car is when it arrives.
        assert message.content.position_m[0] == pytest.approx(80.0 + 15.0 * 1e-9 * message.generated_ns, abs=1e-6)
    phases = {m.generated_ns % 100_000_000 for m in messages}
    assert len(phases) == 1 and 0 not in phases
    assert [m.sequence for m in messages] == list(range(len(messages)))


def test_observations_bring_what_has_arrived_by_then_and_rollouts_keep_it():
    session = simulator().open([scenario(car("a", 80.0, 15.0), features=(link(latency=0.12, jitter=0.1),))], [1])
    told, before = [], 0
    for _ in range(50):
        seen = session.run(1, "idm_lane_follow")
        now = round(1e9 * float(seen.time_s[0]))
        assert all(before < m.received_ns <= now for m in seen.messages[0])
        told.extend(seen.messages[0])
        before = now
    assert tuple(told) == session.rollouts()[0].messages
    assert [m.received_ns for m in told] == sorted(m.received_ns for m in told)
    assert [m.generated_ns for m in told] != sorted(m.generated_ns for m in told), "late ones are overtaken"


def test_worlds_without_radio_are_told_nothing_and_take_no_detour():
    session = simulator().open([scenario(car("a", 80.0, 15.0))], [1])
    assert session.run(5, "idm_lane_follow").messages == ()
    assert not session._senses.any
    mixed = simulator().open(
        [scenario(car("a", 80.0, 15.0)), scenario(car("a", 80.0, 15.0), features=(link(),))], [1, 1]
    )
    seen = mixed.run(5, "idm_lane_follow")
    assert seen.messages[0] == () and len(seen.messages[1]) > 2
    one, two = session.rollouts()[0], mixed.rollouts()[1]
    assert np.array_equal(one.world_from_actor.translation_m, two.world_from_actor.translation_m)


def test_same_seed_same_messages_whatever_the_batch_the_steps_and_the_threads():
    wanted = scenario(
        *(car(f"c{k}", 80.0 + 30 * k, 10.0, ["left", "middle", "right"][k % 3]) for k in range(8)),
        features=(link(latency=0.05, jitter=0.03, loss=0.1, busy=0.3),),
    )
    other = replace(wanted, actors=wanted.actors[:3])
    alone = simulator().open([wanted], [5])
    for _ in range(40):
        alone.run(1, "idm_lane_follow")
    together = simulator(options=EmbeddedOptions(num_threads=2)).open([other, wanted, other], [1, 5, 5])
    together.run(40, "idm_lane_follow")
    one, two = alone.rollouts()[0], together.rollouts()[1]
    expect_same(one, two)
    assert one.messages == two.messages and len(one.messages) > 50
    assert one.messages != heard(*wanted.actors, features=wanted.features, seed=6, steps=40).messages
    alone.reset()
    alone.run(40, "idm_lane_follow")
    assert alone.rollouts()[0].messages == one.messages


def test_a_station_more_leaves_the_fate_of_the_others_messages_alone():
    actors = [car("a", 120.0, 15.0, "left"), car("b", 180.0, 15.0, "right")]
    behind = car("z", 20.0, 15.0, "right")
    features = (link(loss=0.3, latency=0.02, jitter=0.01),)
    one = heard(*actors, features=features)
    two = heard(*actors, behind, features=features)
    for sender in ("a", "b"):
        assert of_kind(one, MessageKind.AWARENESS, sender) == of_kind(two, MessageKind.AWARENESS, sender)


def test_share_of_equipped_road_users_is_that_of_their_class():
    people = [
        car(
            f"p{k}",
            60.0 + 3 * k,
            0.0,
            "right",
            kind=ActorClass.PEDESTRIAN,
            size_m=(0.5, 0.5, 1.7),
            driver=Driver("none"),
        )
        for k in range(60)
    ]
    cars = [car(f"c{k}", 60.0 + 6 * k, 0.0, "left", driver=Driver("none")) for k in range(40)]
    feature = link(equipped=0.5, equipped_people=0.25, range=1e4)
    rollout = heard(*people, *cars, steps=5, features=(feature,), driver="constant_speed")
    senders = {m.sender: m.kind for m in rollout.messages}
    talking = [name for name, kind in senders.items() if kind == MessageKind.ROAD_USER]
    assert 7 <= len(talking) <= 24 and all(name.startswith("p") for name in talking)
    assert 11 <= sum(name.startswith("c") for name in senders) <= 29


def test_cam_speaks_when_the_motion_asks_for_it():
    still = car("s", 100.0, 0.0, "left", driver=Driver("none"))
    fast = car("f", 60.0, 30.0, "right", driver=Driver("none"))
    slow = car("w", 70.0, 10.0, "middle", driver=Driver("none"))
    rollout = heard(still, fast, slow, steps=60, features=(link(format="cam", range=2000.0, latency=0.0),))

    def gaps(name):
        said = of_kind(rollout, MessageKind.AWARENESS, name)
        times, numbers = np.array([(m.generated_ns, m.sequence) for m in said]).T
        return np.diff(times)[np.diff(numbers) == 1] / 1e9

    # One second while it stands; 10 m/s passes 4 m between 0.4 and 0.5 s; 30 m/s passes it in two looks.
    assert gaps("s") == pytest.approx(1.0)
    assert set(np.round(gaps("w"), 3)) == {0.5} and set(np.round(gaps("f"), 3)) == {0.2}


def test_after_a_change_cam_keeps_its_interval_for_three_messages():
    state = UserState(ActorClass.CAR, (0.0, 0.0, 0.0), 0.0, 10.0, 0.0, 0.0, (4.0, 2.0, 1.5))
    sent, times = triggered(None, 0, state, 0), [0]
    for k in range(1, 40):
        at = k * 100_000_000
        now = replace(state, speed_mps=12.0) if k >= 3 else state
        after = triggered(sent, at, now, 0)
        if after is not None:
            sent, _ = after, times.append(k)
    # Changed at 0.3 s; kept at 0.6, 0.9 and 1.2 s; then every second.
    assert times == [0, 3, 6, 9, 12, 22, 32]


def test_a_busy_channel_makes_stations_slow_and_loses_more_from_afar():
    def count(busy, place, **values):
        rollout = heard(car("a", place, 15.0, "left", driver=Driver("none")), features=(link(busy=busy, **values),))
        messages = of_kind(rollout, MessageKind.AWARENESS)
        return len(messages), messages[-1].sequence + 1

    near = [count(busy, 60.0)[1] for busy in (0.0, 0.45, 0.55, 0.9)]
    assert near[0] >= 58 and 26 <= near[1] <= 30 and 19 <= near[2] <= 24 and near[3] <= 6
    kept = [np.mean([count(0.28, place, range=2000.0)[0] / 59 for _ in range(1)]) for place in (60.0, 300.0)]
    assert kept[0] > 0.95 and kept[1] < 0.9 * kept[0]


def test_loss_grows_with_distance_and_behind_a_truck():
    def share(place, *others):
        messages = heard(
            car("a", place, 15.0, driver=Driver("none")), *others, steps=90, features=(link(range=1e5),),
            driver="constant_speed",
        )  # fmt: skip
        return len(of_kind(messages, MessageKind.AWARENESS, "a")) / 89

    truck = car("t", 75.0, 15.0, kind=ActorClass.TRUCK, size_m=(12.0, 2.5, 3.8), driver=Driver("none"))
    near, middle, far = share(110.0), share(400.0), share(1000.0)
    assert near > 0.97 and far < 0.35 and near >= middle > far
    assert share(400.0, truck) < middle - 0.1
    beside = replace(truck, start=Place("left", 75.0))
    assert share(400.0, beside) == pytest.approx(middle, abs=0.06)


def test_a_building_on_the_line_of_sight_silences_a_station():
    wall = MapObject("b", "building", np.array([250.0, 0.0, 0.0]), 0.0, np.array([10.0, 30.0, 12.0]))
    lane_map = replace(straight_map(), objects=(wall,))
    far = car("a", 450.0, 15.0, driver=Driver("none"))
    features = (link(range=1e5),)
    free = heard(far, features=features)
    shut = heard(far, features=features, lane_map=lane_map, steps=60)
    assert len(shut.messages) < 0.3 * len(free.messages)
    near = heard(car("a", 120.0, 15.0, driver=Driver("none")), features=features, lane_map=lane_map, steps=40)
    assert len(near.messages) >= 38, "a building beside the line does nothing"


def test_range_is_a_limit_and_cellular_needs_no_line_of_sight():
    far = car("a", 900.0, 15.0, driver=Driver("none"))
    assert not heard(car("a", 200.0, 15.0, driver=Driver("none")), features=(link(range=100.0),)).messages
    cellular = heard(far, features=(link(medium="cellular", latency=0.1, loss=0.2),), steps=90)
    assert 0.68 < len(cellular.messages) / 89 < 0.92
    lost = np.diff([m.sequence for m in cellular.messages])
    assert (lost > 1).any(), "a gap in the numbers tells of a loss"


# Lights.


@pytest.mark.parametrize(
    ("time_s", "state", "left", "following"),
    [(0.0, "RED", 4.0, "GREEN"), (3.9, "RED", 0.1, "GREEN"), (4.0, "GREEN", 6.0, "YELLOW"),
     (10.0, "YELLOW", 2.0, "RED"), (12.0, "RED", 7.0, "GREEN"), (18.0, "RED", 1.0, "GREEN"),
     (19.0, "GREEN", 6.0, "YELLOW")],
)  # fmt: skip
def test_time_to_change_joins_equal_phases_over_the_end_of_the_cycle(time_s, state, left, following):
    phases = ((SignalState.RED, 4.0), (SignalState.GREEN, 6.0), (SignalState.YELLOW, 2.0), (SignalState.RED, 3.0))
    found = timing("l", (), SignalProgram("l", phases), time_s, SignalState[state])
    assert found.seconds_left == pytest.approx(left) and found.next_state is SignalState[following]


def test_nothing_is_foretold_of_a_light_that_fails_or_never_changes():
    program = SignalProgram("l", ((SignalState.RED, 4.0), (SignalState.GREEN, 6.0)))
    assert timing("l", (), program, 1.0, SignalState.OFF).seconds_left is None
    assert timing("l", (), SignalProgram("l", ((SignalState.RED, 4.0),)), 1.0, SignalState.RED).seconds_left is None
    assert timing("l", (), None, 1.0, SignalState.OFF).next_state is None


def test_lights_change_when_their_messages_said():
    programs = (SignalProgram("light", ((SignalState.RED, 2.3), (SignalState.GREEN, 1.4), (SignalState.YELLOW, 1.0))),)
    rollout = heard(features=(link(kind="v2i", latency=0.0),), signals=programs)
    said = of_kind(rollout, MessageKind.SIGNALS)
    assert len(said) >= 55 and said[0].sender == "rsu.light"
    shown = {int(t): int(s) for t, s in zip(rollout.timestamps_ns, rollout.signals.state[:, 0], strict=True)}
    for message in said:
        assert isinstance(message.content, SignalPhases)
        light = message.content.signals[0]
        assert light.lane_ids == ("m", "r") and int(light.state) == shown[message.generated_ns]
        assert light.seconds_left is not None and light.next_state is not None
        change = message.generated_ns + round(1e9 * light.seconds_left)
        after = min((t for t in shown if t >= change - 1), default=None)
        before = max(t for t in shown if t < change - 1)
        assert shown[before] == int(light.state)
        assert after is None or shown[after] == int(light.next_state)


# Warnings.


def warnings(rollout, cause):
    return [
        m for m in of_kind(rollout, MessageKind.HAZARD) if isinstance(m.content, Hazard) and m.content.cause == cause
    ]


@pytest.mark.parametrize(("rate", "warns"), [(3.8, False), (6.0, True)])
def test_hard_braking_warns_above_four_tenths_of_g(rate, warns):
    stop = When(AtTime(2.0), ChangeSpeed(0.0, rate))
    found = warnings(
        heard(car("a", 130.0, 15.0, behaviour=stop, driver=Driver("none")), steps=50, features=(link(latency=0.0),)),
        HazardCause.HARD_BRAKING,
    )
    assert bool(found) is warns
    if warns:
        assert 2.0e9 < found[0].content.detected_ns < 2.6e9
        assert {m.content.detected_ns for m in found} == {found[0].content.detected_ns}
        assert set(np.diff([m.generated_ns for m in found])) == {100_000_000}


def test_a_vehicle_that_stopped_warns_and_one_in_a_queue_does_not():
    def stopper(name, place):
        return car(name, place, 10.0, "left", behaviour=ChangeSpeed(0.0, 3.0), driver=Driver("none"))

    rollout = heard(
        stopper("first", 150.0), stopper("second", 143.0), car("parked", 250.0, 0.0, "left", driver=Driver("none")),
        steps=99, features=(link(range=1e4, latency=0.0),), driver="constant_speed",
    )  # fmt: skip
    found = warnings(rollout, HazardCause.STOPPED_VEHICLE)
    assert found and {m.sender for m in found} == {"first"}
    assert found[0].content.position_m[0] == pytest.approx(150.0 + 100.0 / 6.0, abs=1.0)
    assert found[0].generated_ns >= 8.3e9


def test_who_waits_at_a_red_light_does_not_warn():
    waits = car("a", 182.0, 10.0, "middle", behaviour=ChangeSpeed(0.0, 4.0), driver=Driver("none"))
    for state, warns in ((SignalState.RED, False), (SignalState.GREEN, True)):
        programs = (SignalProgram("light", ((state, 100.0),)),)
        rollout = heard(waits, steps=95, features=(link(),), signals=programs, driver="constant_speed", duration_s=10.0)
        assert bool(warnings(rollout, HazardCause.STOPPED_VEHICLE)) is warns


def test_a_collision_is_told_by_those_who_had_it():
    rollout = heard(
        car("a", 150.0, 20.0, "left", driver=Driver("none")), car("b", 190.0, 5.0, "left", driver=Driver("none")),
        steps=60, features=(link(latency=0.0),),
    )  # fmt: skip
    crash = next(event for event in rollout.events if event.kind == "collision")
    found = warnings(rollout, HazardCause.COLLISION)
    assert {m.sender for m in found} == {"a", "b"} and found[0].content.detected_ns == crash.timestamp_ns


def test_a_slippery_road_is_told_by_who_uses_its_grip():
    from driving_data.environment import Environment

    def told(friction, rate):
        stop = When(AtTime(1.0), ChangeSpeed(0.0, rate))
        return warnings(
            heard(
                car("a", 130.0, 15.0, behaviour=stop, driver=Driver("none")), steps=40, features=(link(),),
                environment=Environment(road_friction=friction),
            ),
            HazardCause.SLIPPERY_ROAD,
        )  # fmt: skip

    assert told(0.3, 2.0) and not told(0.3, 1.0) and not told(0.9, 6.0)


# Kept.


def test_messages_are_stored_and_read_and_old_segments_still_are(tmp_path):
    from tests.driving_data.example_segments import example_segment

    rollout = heard(car("a", 80.0, 15.0), features=(link(), link("i", kind="v2i")), steps=12)
    assert rollout.messages
    store = SegmentStore(tmp_path / "store")
    plain = example_segment("plain")
    talks = replace(plain, segment_id="with", rollout=replace(plain.rollout, messages=rollout.messages))
    for segment in (plain, talks):
        store.write(segment)
    assert store.load("with").rollout.messages == rollout.messages
    assert store.load(plain.segment_id).rollout.messages == ()
    assert b"messages" not in (store.directory(plain.segment_id) / "rollout.json").read_bytes(), "bytes as ever"


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(0, 10**10), st.integers(1, 10**9))
def test_due_times_are_those_of_the_phase(phase, period, after, span):
    if span // period > 10_000:
        return
    expected = [phase + n * period for n in range(-1, (after + span - phase) // period + 1)]
    expected = [t for t in expected if after < t <= after + span and t >= phase][:20_000]
    if len(expected) < 1000:
        assert due_times_ns(phase, period, after, after + span) == expected
