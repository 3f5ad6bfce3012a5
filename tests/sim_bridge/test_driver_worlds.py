"""Drivers with habits in whole worlds: what they do where the answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.maps.lane_map import LaneMap, MapArea, RoadSign
from driving_data.rollout import Rollout
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.behaviour import AtTime, ChangeSpeed, FollowPath, When
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice, SignalProgram
from scenarios.habits import STYLES, Habits, Walking
from scenarios.roads import build_road
from sim_bridge.embedded import driver_kernels as laws
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.reference_drivers import glances
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.sim_bridge.worlds import car, lane_along, scenario, simulator, straight_map

FAR_EGO = Ego(Place("right", 1150.0), 0.0, 0.0, 1190.0)


def three_lanes() -> LaneMap:
    """The three lanes of `straight_map`, which one may change between; no signals."""
    left, middle, right = straight_map().lanes
    lanes = (
        replace(left, right_neighbor="m"),
        replace(middle, left_neighbor="l", right_neighbor="r"),
        replace(right, left_neighbor="m"),
    )
    return replace(straight_map(), lanes=lanes, signals=())


def driver(speed_mps: float = 25.0, **habits: object) -> Driver:
    return Driver(desired_speed_mps=speed_mps, habits=Habits(**habits))


def play(lane_map: LaneMap, wanted: ConcreteScenario, seed: int = 0) -> Rollout:
    session = simulator(lane_map).open([wanted], [seed])
    session.run(round(wanted.duration_s / wanted.step_s), "constant_speed")
    return session.rollouts()[0]


def y_of(rollout: Rollout, actor: str) -> np.ndarray:
    return rollout.world_from_actor.translation_m[:, rollout.actors.ids.index(actor), 1]


def x_of(rollout: Rollout, actor: str) -> np.ndarray:
    return rollout.world_from_actor.translation_m[:, rollout.actors.ids.index(actor), 0]


def speed_of(rollout: Rollout, actor: str) -> np.ndarray:
    return np.linalg.norm(rollout.velocity_mps[:, rollout.actors.ids.index(actor), :2], axis=-1)


def slowest(rollout: Rollout, actor: str) -> float:
    return float(np.nanmin(speed_of(rollout, actor)))


def test_a_fast_car_overtakes_on_the_left_and_comes_back_without_a_jump():
    fast = car("fast", 100.0, 24.0, driver=driver(lane_changes="mobil"))
    slow = car("slow", 170.0, 10.0)
    rollout = play(three_lanes(), scenario(fast, slow, ego=FAR_EGO, duration_s=22.0))
    y = y_of(rollout, "fast")
    assert y.max() == pytest.approx(3.5, abs=0.05)
    assert y[-1] < 0.5
    assert np.abs(np.diff(y)).max() < 0.35
    assert x_of(rollout, "fast")[-1] > x_of(rollout, "slow")[-1] + 50.0
    assert not rollout.events
    plain = play(three_lanes(), scenario(car("fast", 100.0, 24.0, driver=driver()), slow, ego=FAR_EGO, duration_s=22.0))
    assert np.abs(y_of(plain, "fast")).max() < 1e-6


@pytest.mark.parametrize(("politeness", "changes"), [(0.0, True), (1.0, False)])
def test_politeness_keeps_a_driver_from_cutting_in_before_a_fast_one(politeness, changes):
    """Changing gains 1.5 m/s^2 and costs the follower on the left 2.4: the egoist goes, the polite one stays."""
    habits = {"lane_changes": "mobil", "right_bias_mps2": 0.0, "politeness": politeness}
    me = car("me", 200.0, 15.0, driver=driver(20.0, **habits))
    ahead = car("ahead", 235.0, 13.5)
    coming = car("coming", 160.0, 18.0, "left", driver=Driver(desired_speed_mps=18.0))
    wall = car("wall", 200.0, 15.0, "right")
    rollout = play(three_lanes(), scenario(me, ahead, coming, wall, ego=FAR_EGO, duration_s=1.5))
    assert bool(y_of(rollout, "me")[-1] > 0.1) is changes


def test_nobody_changes_where_the_new_follower_would_have_to_brake_too_hard():
    me = car("me", 200.0, 15.0, driver=driver(25.0, lane_changes="mobil", politeness=0.0))
    ahead, beside = car("ahead", 230.0, 8.0), car("beside", 182.0, 28.0, "left", driver=Driver(desired_speed_mps=28.0))
    wall = car("wall", 200.0, 15.0, "right")
    rollout = play(three_lanes(), scenario(me, ahead, beside, wall, ego=FAR_EGO, duration_s=0.8))
    assert y_of(rollout, "me").max() < 0.01


def test_a_change_that_becomes_unsafe_is_turned_back():
    """A car on the left, slow enough before, leaps forward while the other begins to change: back into the own lane."""
    me = car("me", 200.0, 20.0, driver=driver(30.0, lane_changes="mobil", politeness=0.0, change_s=10.0))
    ahead = car("ahead", 250.0, 13.0)
    racer = car(
        "racer", 172.0, 20.0, "left", driver=Driver(kind="none"),
        behaviour=When(AtTime(0.6), ChangeSpeed(45.0, 9.0)),
    )  # fmt: skip
    wall = car("wall", 200.0, 20.0, "right", driver=Driver(desired_speed_mps=20.0))
    with_racer = play(three_lanes(), scenario(me, ahead, racer, wall, ego=FAR_EGO, duration_s=9.0))
    without = play(three_lanes(), scenario(me, ahead, wall, ego=FAR_EGO, duration_s=9.0))
    assert y_of(without, "me").max() > 3.0
    y = y_of(with_racer, "me")
    turned = int(np.argmax(y))
    assert 0.02 < y.max() < 2.6
    assert y[turned:].min() < 0.3
    assert not [event for event in with_racer.events if event.kind == "collision"]


def ramp_world(driven: Driver) -> ConcreteScenario:
    merger = Actor("merger", ActorClass.CAR, (4.5, 1.8, 1.5), Place("ramp", 280.0), 20.0, driven)
    stream = tuple(
        Actor(f"m{k}", ActorClass.CAR, (4.5, 1.8, 1.5), Place("main.1", 150.0 + 45.0 * k), 22.0,
              Driver(desired_speed_mps=22.0, habits=Habits()))
        for k in range(5)
    )  # fmt: skip
    return ConcreteScenario(
        "merge", RoadChoice("ramp"), Environment(), Ego(Place("main.2", 30.0), 10.0, 10.0, 800.0), (merger, *stream),
        SensorRig("none"), duration_s=25.0,
    )  # fmt: skip


def test_who_comes_from_the_ramp_must_merge_before_its_lane_ends():
    session = EmbeddedSimulator().open(
        [ramp_world(driver(25.0, lane_changes="mobil")), ramp_world(driver(25.0))], [0, 0]
    )
    session.run(250, "constant_speed")
    merged, stayed = session.rollouts()
    assert not [event for event in merged.events if event.kind == "collision"]
    lane_map = build_road(RoadChoice("ramp"))
    middle = lane_map.lane_by_id["2.2.-3"].centerline_m
    end = merged.world_from_actor.translation_m[:, 1, :2]
    assert np.linalg.norm(middle[:, None, :2] - end[None], axis=-1).min() < 0.3
    # Without lane changes it stops where the lane ends.
    assert speed_of(stayed, "merger")[-1] < 0.1


def test_a_destination_is_reached_lane_by_lane():
    me = car("me", 60.0, 20.0, "left", driver=driver(22.0, lane_changes="mobil", destination="right"))
    rollout = play(three_lanes(), scenario(me, ego=FAR_EGO, duration_s=20.0))
    assert y_of(rollout, "me")[-1] == pytest.approx(-3.5, abs=0.05)


def crossing_map(signs: dict[str, str]) -> LaneMap:
    """Two straight roads that cross at the origin, eastwards and northwards; `signs` by lane."""
    s = np.arange(-120.0, 120.1, 1.0)
    lanes = {}
    for name, (dx, dy) in {"east": (1.0, 0.0), "north": (0.0, 1.0), "west": (-1.0, 0.0), "south": (0.0, -1.0)}.items():
        points = np.stack([dx * s + 1.75 * dy, dy * s - 1.75 * dx, 0 * s], -1)
        before, inside, after = points[:113], points[112:129], points[128:]
        lanes[f"{name}.0"] = replace(lane_along(f"{name}.0", before), successors=(f"{name}.1",))
        lanes[f"{name}.1"] = replace(lane_along(f"{name}.1", inside, junction="j"), successors=(f"{name}.2",))
        lanes[f"{name}.2"] = lane_along(f"{name}.2", after)
    placed = tuple(
        RoadSign(f"sign.{name}", kind, np.array([0.0, 0.0, 2.0]), 0.0, lane_ids=(f"{name}.0",))
        for name, kind in signs.items()
    )
    routes = {name: tuple(f"{name}.{k}" for k in range(3)) for name in ("east", "north", "west", "south")}
    return LaneMap(tuple(lanes.values()), signs=placed, routes=routes)


def at_crossing(*actors: Actor, duration_s: float = 25.0) -> ConcreteScenario:
    """The ego stands far out on the way west, in nobody's way."""
    return scenario(*actors, ego=Ego(Place("west", 230.0), 0.0, 0.0, 239.0), duration_s=duration_s)


def passes(rollout: Rollout, actor: str) -> float:
    """When the centre of an actor passes the middle of the crossing, in seconds."""
    k = rollout.actors.ids.index(actor)
    where = np.linalg.norm(rollout.world_from_actor.translation_m[:, k, :2], axis=-1)
    return float(rollout.seconds()[int(np.nanargmin(where))])


def arriving(name: str, gap_s: float, speed: float = 10.0, **changes: object) -> Actor:
    """A car on `name` whose front reaches the conflict area about `gap_s` seconds after zero."""
    return car(name, 112.0 - speed * gap_s, speed, name, driver=driver(speed), **changes)


def test_a_stop_sign_asks_for_a_full_stop_although_the_way_is_free():
    for signs, lowest in (({"north": "stop"}, 0.1), ({"north": "yield"}, 4.0)):
        rollout = play(crossing_map(signs), at_crossing(arriving("north", 5.0)))
        assert (slowest(rollout, "north") < 0.1) == (lowest == 0.1)
        k = int(np.nanargmin(speed_of(rollout, "north")))
        if lowest == 0.1:
            # It stands within three metres of the line (the end of its lane at y = -8), for a second, then goes.
            front = rollout.world_from_actor.translation_m[k, 1, 1] + 2.25
            assert -11.0 < front < -7.5
            assert 0.9 <= (speed_of(rollout, "north") < 0.1).sum() * 0.1 < 3.0
    rollout = play(crossing_map({"north": "stop"}), at_crossing(car("north", 60.0, 10.0, "north")))
    assert slowest(rollout, "north") > 8.0  # the plain car follower knows no stop signs


@pytest.mark.parametrize("first", ["east", "north", "south"])
def test_at_a_stop_on_all_sides_who_stopped_first_goes_first(first):
    names = ("east", "north", "south")
    others = [name for name in names if name != first]
    actors = [arriving(first, 2.0), arriving(others[0], 4.0), arriving(others[1], 6.0)]
    rollout = play(crossing_map(dict.fromkeys(("east", "north", "south", "west"), "stop")), at_crossing(*actors))
    times = {name: passes(rollout, name) for name in names}
    assert sorted(names, key=lambda name: times[name])[0] == first
    crossing = [name for name in names if (name == "east") != (first == "east")]
    assert all(times[name] > times[first] + 1.0 for name in crossing)
    assert not [event for event in rollout.events if event.kind == "collision"]


def test_where_nothing_is_signed_who_comes_from_the_right_goes():
    # North comes from the right of east (south of it), east from the right of south.
    rollout = play(crossing_map({}), at_crossing(arriving("east", 3.0), arriving("north", 3.0)))
    assert passes(rollout, "north") < passes(rollout, "east")
    rollout = play(crossing_map({}), at_crossing(arriving("east", 3.0), arriving("south", 3.0)))
    assert passes(rollout, "east") < passes(rollout, "south")
    assert slowest(rollout, "east") > 8.0
    # A give-way sign turns it round.
    rollout = play(crossing_map({"north": "yield"}), at_crossing(arriving("east", 3.0), arriving("north", 3.0)))
    assert passes(rollout, "east") < passes(rollout, "north")


def test_four_from_four_sides_do_not_wait_for_ever():
    actors = [arriving(name, 3.0) for name in ("east", "north", "south")]
    actors.append(car("fourth", 112.0 - 30.0, 10.0, "west", driver=driver(10.0)))
    rollout = play(crossing_map({}), at_crossing(*actors, duration_s=60.0))
    assert not [event for event in rollout.events if event.kind == "collision"]
    gone = {event.actor_ids[0] for event in rollout.events if event.kind == "despawn"}
    assert {"east", "north", "south"} <= gone


def brisk(**habits: object) -> Driver:
    return Driver(desired_speed_mps=10.0, max_acceleration_mps2=2.5, habits=Habits(**habits))


@pytest.mark.parametrize(("gap_s", "waits"), [(7.0, True), (10.0, False)])
def test_the_critical_gap_decides_whether_one_enters(gap_s, waits):
    """Standing just before a give-way line, with 6.2 s: a car 7 s away is waited for, one 10 s away is not."""
    me = car("north", 108.0, 0.0, "north", driver=brisk(critical_gap_s=6.2))
    rollout = play(crossing_map({"north": "yield"}), at_crossing(me, arriving("east", gap_s)))
    assert (passes(rollout, "north") > passes(rollout, "east")) is waits
    bold = car("north", 108.0, 0.0, "north", driver=brisk(critical_gap_s=4.0))
    rollout = play(crossing_map({"north": "yield"}), at_crossing(bold, arriving("east", gap_s)))
    assert passes(rollout, "north") < passes(rollout, "east")


def test_impatience_takes_what_patience_refuses():
    """Cars with priority nine seconds apart: the patient driver waits for both, the impatient one goes in between."""
    stream = [car(f"e{k}", 112.0 - 8.0 * (1.0 + 9.0 * k), 8.0, "east", driver=driver(8.0)) for k in range(2)]
    me = car("north", 108.0, 0.0, "north")
    first = {}
    for impatience in (1e4, 2.0):
        habits = brisk(critical_gap_s=12.0, smallest_gap_s=2.0, impatience_s=impatience)
        rollout = play(crossing_map({"north": "yield"}), at_crossing(replace(me, driver=habits), *stream))
        first[impatience] = passes(rollout, "north")
    assert first[1e4] > 10.0
    assert first[2.0] < first[1e4] - 3.0


def lit_crossroads(*actors: Actor, duration_s: float = 25.0, green: str = "main") -> Rollout:
    lane_map = build_road(RoadChoice("crossroads"))
    signals = tuple(
        SignalProgram(s.id, ((SignalState.GREEN if green in s.id or "oncoming" in s.id else SignalState.RED, 100.0),))
        for s in lane_map.signals
    )
    wanted = ConcreteScenario(
        "lit", RoadChoice("crossroads"), Environment(), Ego(Place("from_left.right", 10.0), 0.0, 0.0, 150.0), actors,
        SensorRig("none"), signals=signals, duration_s=duration_s,
    )  # fmt: skip
    session = EmbeddedSimulator().open([wanted], [0])
    session.run(round(duration_s / 0.1), "constant_speed")
    return session.rollouts()[0]


def test_a_permissive_left_turn_waits_for_oncoming_traffic_at_green():
    lane_map = build_road(RoadChoice("crossroads"))
    arm = math.fsum(lane_map.lane_by_id[k].arc_length_m()[-1] for k in ("1.0.-1", "1.1.-1", "1.2.-1"))
    turner = car("turner", arm - 15.0, 6.0, "main.left", driver=driver(9.0))
    oncoming = car("oncoming", arm - 30.0, 10.0, "oncoming.straight", driver=driver(10.0))
    rollout = lit_crossroads(turner, oncoming)
    assert not [event for event in rollout.events if event.kind == "collision"]
    assert slowest(rollout, "turner") < 3.0
    alone = lit_crossroads(turner)
    assert slowest(alone, "turner") > 3.0


def test_a_driver_keeps_the_junction_clear_behind_a_standing_queue():
    lane_map = build_road(RoadChoice("crossroads"))
    arm = math.fsum(lane_map.lane_by_id[k].arc_length_m()[-1] for k in ("1.0.-1", "1.1.-1", "1.2.-1"))
    inside = float(lane_map.lane_by_id["112.0.-1"].arc_length_m()[-1])
    jam = car("jam", arm + inside + 5.0, 0.0, "main.straight", driver=Driver(kind="none"))
    cross = car("cross", 20.0, 0.0, "from_right.straight", driver=Driver(kind="none"))
    fronts = {}
    for clear in (True, False):
        me = car("me", arm - 60.0, 10.0, "main.straight", driver=driver(10.0, keeps_clear=clear))
        rollout = lit_crossroads(me, jam, cross)
        gone = np.linalg.norm(np.diff(rollout.world_from_actor.translation_m[:, 1, :2], axis=0), axis=-1).sum()
        fronts[clear] = arm - 60.0 + gone + 2.25
    assert fronts[True] < arm + 0.5
    assert fronts[False] > arm + 2.0


def walker(driven: Driver, d_from: float = -5.0, d_to: float = 6.0, speed: float = 1.3, **changes: object) -> Actor:
    """Someone who wants to cross the middle lane of `straight_map` at s = 300 m, from the right."""
    walk = FollowPath("middle", ((300.0, d_from), (300.0, d_to)), speed)
    return Actor(
        "walker", changes.pop("kind", ActorClass.PEDESTRIAN), (0.5, 0.6, 1.7), Place("middle", 300.0, d_from), 0.0,
        driven, walk,
    )  # fmt: skip


def walkers_driver(**walking: float) -> Driver:
    return Driver(kind="walker", max_acceleration_mps2=1.5, walking=Walking(**walking))


def one_lane_with_crossing(crosswalk: bool = True) -> LaneMap:
    lane = three_lanes().lanes[1]
    corners = np.array([[298.0, -6.0, 0.0], [302.0, -6.0, 0.0], [302.0, 6.0, 0.0], [298.0, 6.0, 0.0]])
    areas = (MapArea("zebra", "crosswalk", corners),) if crosswalk else ()
    return LaneMap((replace(lane, left_neighbor=None, right_neighbor=None),), areas=areas, routes={"middle": ("m",)})


def on_one_lane(*actors: Actor, duration_s: float = 25.0) -> ConcreteScenario:
    return scenario(*actors, ego=Ego(Place("middle", 1150.0), 0.0, 0.0, 1190.0), duration_s=duration_s)


def test_drivers_let_walkers_cross_on_crossings_unless_they_are_of_the_other_sort():
    for yields, crosswalk, passes_first in ((True, True, False), (False, True, True), (True, False, True)):
        me = car("me", 240.0, 12.0, driver=driver(12.0, yields_on_crossings=yields))
        rollout = play(one_lane_with_crossing(crosswalk), on_one_lane(me, walker(walkers_driver(look_s=0.5))))
        late = y_of(rollout, "walker")[int(np.argmax(x_of(rollout, "me") > 299.0))]
        assert bool(late < -1.0) is passes_first, (yields, crosswalk)
        assert not [event for event in rollout.events if event.kind == "collision"]
        assert y_of(rollout, "walker")[-1] > 5.0


def test_a_walker_stops_looks_and_takes_only_the_gap_that_the_manual_gives():
    """The lane takes 4.3 m / 1.3 m/s = 3.3 s, with 3 s of margin 6.3 s: a car 5 s away is let by, one 10 s away not."""
    for distance, goes_first in ((60.0, False), (120.0, True)):
        me = car("me", 300.0 - distance - 30.0, 12.0, driver=driver(12.0))
        rollout = play(one_lane_with_crossing(False), on_one_lane(me, walker(walkers_driver(look_s=1.0))))
        y = y_of(rollout, "walker")
        assert (speed_of(rollout, "walker")[5:] < 0.1).any()
        late = y[int(np.argmax(x_of(rollout, "me") > 299.0))]
        assert bool(late > 1.75) is goes_first
        assert y[-1] > 5.0
    bold = walker(Driver(kind="none", max_acceleration_mps2=1.5))
    hasty = play(one_lane_with_crossing(False), on_one_lane(car("me", 210.0, 12.0, driver=driver(12.0)), bold))
    assert (speed_of(hasty, "walker")[15:40] > 1.0).all()  # without hesitation it just walks


def test_children_take_smaller_gaps_than_the_elderly():
    waits = {}
    for style in ("child", "elderly"):
        me = car("me", 210.0, 12.0, driver=driver(12.0))
        walking = replace(STYLES[style].walking, look_s=0.0, turn_back=0.0)
        someone = walker(Driver(kind="walker", walking=walking, max_acceleration_mps2=1.5))
        rollout = play(one_lane_with_crossing(False), on_one_lane(me, someone))
        waits[style] = float(rollout.seconds()[int(np.argmax(y_of(rollout, "walker") > -1.7))])
    assert waits["child"] < waits["elderly"]


def test_a_walker_may_turn_back_and_tries_again():
    """The car seems to stop (nobody waits for who stands), then drives on: the walker turns, and crosses later."""
    me = car(
        "me", 270.0, 0.0, driver=Driver(kind="none", max_acceleration_mps2=4.0),
        behaviour=When(AtTime(3.2), ChangeSpeed(15.0, 4.0)),
    )  # fmt: skip
    turns = {}
    for chance in (0.0, 1.0):
        who = walker(walkers_driver(look_s=0.5, margin_s=0.0, turn_back=chance), d_from=-4.0, speed=1.0)
        rollout = play(one_lane_with_crossing(False), on_one_lane(me, who))
        turns[chance] = bool((np.diff(y_of(rollout, "walker")) < -0.02).sum() > 3)
        if chance == 1.0:
            assert y_of(rollout, "walker")[-1] > 5.0
    assert turns == {0.0: False, 1.0: True}


def flagger(**habits: object) -> Actor:
    return Actor(
        "flagger", ActorClass.FLAGGER, (0.5, 0.6, 1.8), Place("middle", 196.0, -3.0), 0.0,
        Driver(kind="none", habits=Habits(**habits)),
    )  # fmt: skip


def test_a_flagger_overrides_the_light_both_ways():
    for shown, hand, stands in (("GREEN", "stop", True), ("RED", "go", False), ("RED", "none", True)):
        light = SignalProgram("light", ((SignalState[shown], 100.0),))
        me = car("me", 120.0, 12.0, driver=driver(12.0))
        wanted = scenario(me, flagger(hand=hand), ego=FAR_EGO, signals=(light,), duration_s=15.0)
        rollout = play(straight_map(), wanted)
        assert bool(x_of(rollout, "me")[-1] < 200.0) is stands, (shown, hand)
        if hand == "stop":
            assert x_of(rollout, "me")[-1] < 192.0
    ignorant = car("me", 120.0, 12.0, driver=driver(12.0, obeys_hands=False))
    rollout = play(straight_map(), scenario(ignorant, flagger(hand="stop"), ego=FAR_EGO, duration_s=15.0))
    assert x_of(rollout, "me")[-1] > 200.0


def test_a_flagger_lets_go_when_the_paddle_turns_to_slow():
    me = car("me", 120.0, 12.0, driver=driver(12.0))
    wanted = scenario(me, flagger(hand="stop", hand_stop_s=14.0, hand_slow_s=20.0), ego=FAR_EGO, duration_s=22.0)
    rollout = play(straight_map(), wanted)
    x, speed = x_of(rollout, "me"), speed_of(rollout, "me")
    assert x[139] < 192.0
    assert x[-1] > 196.0
    assert speed[(x > 185.0) & (x < 196.0)].max() < 6.0


def emergency(s_m: float, speed: float, route: str = "middle") -> Actor:
    return Actor("siren", ActorClass.EMERGENCY_VEHICLE, (5.9, 2.0, 2.7), Place(route, s_m), speed,
                 Driver(desired_speed_mps=25.0, habits=STYLES["emergency"].habits))  # fmt: skip


def test_others_make_way_for_a_beacon_and_it_gets_through():
    times = {}
    for gives in (True, False):
        cars = [car(f"c{k}", 140.0 + 40.0 * k, 12.0, driver=driver(12.0, makes_way=gives)) for k in range(3)]
        rollout = play(one_lane_with_crossing(False), on_one_lane(*cars, emergency(60.0, 20.0), duration_s=30.0))
        assert not [event for event in rollout.events if event.kind == "collision"]
        times[gives] = float(x_of(rollout, "siren")[250])
        if gives:
            assert y_of(rollout, "c0").min() < -0.9
            assert slowest(rollout, "c0") < 9.0
            assert abs(y_of(rollout, "c0")[-1]) < 0.1
        else:
            assert y_of(rollout, "c0").min() > -0.01
    assert times[True] > times[False] + 60.0


def test_an_emergency_vehicle_passes_red_with_care_and_nobody_else_does():
    light = SignalProgram("light", ((SignalState.RED, 100.0),))
    rollout = play(straight_map(), scenario(emergency(60.0, 20.0), ego=FAR_EGO, signals=(light,), duration_s=20.0))
    x, speed = x_of(rollout, "siren"), speed_of(rollout, "siren")
    assert x[-1] > 210.0
    assert speed[(x > 190.0) & (x < 197.0)].max() < 7.5
    assert speed[x < 120.0].max() > 15.0


def distracted_world(habits: Habits, brakes_s: float) -> ConcreteScenario:
    lead = car("lead", 130.0, 15.0, behaviour=When(AtTime(brakes_s), ChangeSpeed(0.0, 4.0)), driver=Driver(kind="none"))
    me = car("me", 100.0, 15.0, driver=Driver(desired_speed_mps=15.0, habits=habits))
    return scenario(lead, me, ego=FAR_EGO, duration_s=16.0)


def answers_at(habits: Habits, brakes_step: int) -> int:
    """First moment at which the follower drives otherwise than it would behind a leader that does not brake."""
    braked = play(three_lanes(), distracted_world(habits, 0.1 * brakes_step))
    calm = play(three_lanes(), distracted_world(habits, 100.0))
    return int(np.argmax(np.abs(speed_of(braked, "me") - speed_of(calm, "me")) > 1e-9))


def test_a_distracted_driver_brakes_later_by_exactly_what_is_left_of_the_glance():
    """The leader brakes in step k, which shows at k + 1 and is answered at k + 2; in a glance, when it is over."""
    habits = Habits(glance_every_s=8.0, glance_s=2.0)
    away = glances(0, 2, 160, 80, 20, laws.DRAW_GLANCE)
    begin = away.index(True)
    assert 12 < begin < 60
    assert answers_at(Habits(), begin + 5) == begin + 7
    assert answers_at(habits, begin + 5) == begin + 21
    assert answers_at(habits, begin - 5) == begin - 3
    slow = play(three_lanes(), scenario(
        *[replace(a, driver=replace(a.driver, reaction_time_s=0.7)) if a.id == "me" else a
          for a in distracted_world(Habits(), 2.0).actors], ego=FAR_EGO, duration_s=4.0))  # fmt: skip
    quick = play(three_lanes(), replace(distracted_world(Habits(), 2.0), duration_s=4.0))
    assert speed_of(slow, "me")[-1] > speed_of(quick, "me")[-1]


def test_a_long_glance_ends_in_a_crash_that_an_alert_driver_avoids():
    seed_begin = glances(0, 2, 160, 80, 60, laws.DRAW_GLANCE).index(True)
    wanted = [distracted_world(habits, (seed_begin + 2) * 0.1)
              for habits in (Habits(), Habits(glance_every_s=8.0, glance_s=6.0))]  # fmt: skip
    crashed = [any(e.kind == "collision" for e in play(three_lanes(), one).events) for one in wanted]
    assert crashed == [False, True]


def test_limited_sight_is_answered_late_and_errors_change_the_drive():
    """The stopped car is seen 40 m away only: the brakes come later and harder than with sight."""
    wall = car("wall", 400.0, 0.0, driver=Driver(kind="none"))
    hardest = {}
    for sight in (1000.0, 40.0):
        me = car("me", 150.0, 15.0, driver=driver(15.0, sight_m=sight))
        speed = speed_of(play(three_lanes(), scenario(me, wall, ego=FAR_EGO, duration_s=25.0)), "me")
        hardest[sight] = float(np.diff(speed).min())
    assert hardest[40.0] < hardest[1000.0] - 0.1
    runs = []
    for error, seed in ((0.0, 0), (0.3, 0), (0.3, 0), (0.3, 1)):
        lead, me = car("lead", 200.0, 12.0), car("me", 150.0, 15.0, driver=driver(20.0, gap_error=error))
        runs.append(speed_of(play(three_lanes(), scenario(lead, me, ego=FAR_EGO, duration_s=15.0), seed), "me"))
    assert np.abs(runs[0] - runs[1]).max() > 0.05
    np.testing.assert_array_equal(runs[1], runs[2])
    assert np.abs(runs[1] - runs[3]).max() > 0.01


def busy_motorway(seed: int) -> ConcreteScenario:
    rng = np.random.default_rng(seed)
    styles = ("normal", "aggressive", "distracted", "cautious", "human", "truck")
    actors: list[Actor] = []
    for k in range(14):
        style, lane = STYLES[styles[int(rng.integers(len(styles)))]], ("left", "middle", "right")[k % 3]
        habits = replace(style.habits, lane_changes="mobil_european" if k % 2 else "mobil")
        speed = float(rng.uniform(15.0, 28.0))
        driven = Driver(
            "idm",
            speed + 3.0,
            style.time_headway_s,
            style.min_gap_m,
            style.max_acceleration_mps2,
            style.comfortable_deceleration_mps2,
            reaction_time_s=style.reaction_time_s,
            habits=habits,
        )
        actors.append(car(f"a{k}", 60.0 + 45.0 * (k // 3) + 12.0 * (k % 3), speed, lane, driver=driven))
    return scenario(*actors, ego=FAR_EGO, duration_s=20.0)


def test_same_seed_same_bytes_whatever_the_batch_and_the_threads():
    wanted = [busy_motorway(seed) for seed in range(5)]
    plain = scenario(car("plain", 90.0, 12.0), duration_s=20.0)
    many = simulator(three_lanes(), EmbeddedOptions(num_threads=2)).open([*wanted, plain], [0, 1, 2, 3, 4, 5])
    many.run(200, "constant_speed")
    together = many.rollouts()
    for k, one in enumerate([*wanted, plain]):
        alone = simulator(three_lanes()).open([one], [k])
        for _ in range(4):
            alone.run(50, "constant_speed")
        poses = alone.rollouts()[0].world_from_actor.translation_m
        assert poses.tobytes() == together[k].world_from_actor.translation_m.tobytes()
    changed = sum(float(np.nanmax(np.abs(np.diff(r.world_from_actor.translation_m[..., 1], axis=0)))) > 0.01
                  for r in together)  # fmt: skip
    assert changed >= 3
    for rollout in together[:5]:
        assert not [event for event in rollout.events if event.kind == "collision"]
