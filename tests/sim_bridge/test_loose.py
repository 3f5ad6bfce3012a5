"""Cargo that falls from vehicles and doors that open: where they are, how they move, who hits them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.errors import InputError
from driving_data.taxonomy import ActorClass
from scenarios.behaviour import AtTime, DistanceBelow, DropCargo, OpenDoor, When
from scenarios.concrete import Driver, Ego, Place
from scenarios.types.cargo import CARGO
from scenarios.types.expand import Stage, expand
from scenarios.types.manoeuvres import step
from sim_bridge.embedded.layout import DOOR_ANGLE_RAD
from sim_bridge.embedded.options import EmbeddedOptions
from tests.sim_bridge.worlds import car, scenario, simulator, straight_map

TRUCK = {"kind": ActorClass.TRUCK, "size_m": (9.0, 2.5, 3.5)}
FAR_EGO = Ego(Place("left", 20.0), 0.0, 0.0, 900.0)
NOBODY = Driver(kind="none")


def played(*actors, steps=60, driver="idm_lane_follow", options=None, lane_map=None, **changes):
    session = simulator(lane_map, options).open([scenario(*actors, **changes)], [0])
    session.run(steps, driver)
    return session.rollouts()[0]


def dropping(what="box", at_s=1.0, speed=15.0, **changes):
    behaviour = When(AtTime(at_s), DropCargo(what))
    return car("truck", 100.0, speed, "middle", behaviour=behaviour, driver=NOBODY, **TRUCK, **changes)


def test_cargo_appears_behind_slides_and_stays():
    """Debris that vanished, stood at once or flew on for ever would answer otherwise at each of these."""
    rollout = played(dropping(), ego=FAR_EGO)
    box, truck = (rollout.actors.ids.index(name) for name in ("truck.cargo_0", "truck"))
    assert rollout.actors.kind_of(box) is ActorClass.DEBRIS
    valid = rollout.valid[:, box]
    first = int(np.argmax(valid))
    assert not valid[:first].any() and valid[first:].all() and first == 11, "it is there after the step that drops it"
    assert np.isnan(rollout.world_from_actor.translation_m[first - 1, box]).all()
    x = rollout.world_from_actor.translation_m[:, box, 0]
    speed = rollout.velocity_mps[:, box, 0]
    brake = 0.7 * 0.9 * 9.80665
    start = rollout.world_from_actor.translation_m[10, truck, 0] - 4.5 - 0.3 - 0.05
    for k in (first, first + 5, first + 20):
        t = 0.1 * (k - 10)
        assert speed[k] == pytest.approx(15.0 - brake * t, abs=0.02)
        assert x[k] == pytest.approx(start + 15.0 * t - 0.5 * brake * t * t, abs=0.05)
    assert speed[-1] == 0.0 and x[-1] == pytest.approx(start + 15.0**2 / (2 * brake), abs=0.1)
    assert rollout.world_from_actor.translation_m[-1, box, 2] == pytest.approx(0.25)
    spawn = [event for event in rollout.events if event.kind == "spawn"]
    assert [(e.actor_ids, e.timestamp_ns) for e in spawn] == [(("truck.cargo_0", "truck"), 1_000_000_000)]


def test_cargo_slides_farther_on_ice():
    def rest(friction):
        rollout = played(dropping(speed=8.0), ego=FAR_EGO, steps=99, environment=Environment(road_friction=friction))
        return rollout.world_from_actor.translation_m[-1, 2, 0]

    assert rest(0.3) - rest(0.9) == pytest.approx(8.0**2 / (2 * 0.7 * 9.80665) * (1 / 0.3 - 1 / 0.9), rel=0.03)


@pytest.mark.parametrize("what", sorted(CARGO))
def test_each_kind_of_cargo_has_its_size(what):
    rollout = played(dropping(what, 0.2), ego=FAR_EGO, steps=5)
    assert rollout.actors.size_m[2].tolist() == pytest.approx(CARGO[what][0])


def test_cargo_falls_behind_the_last_trailer():
    trailer = replace(
        car("trailer", 88.0, 15.0, "middle", driver=NOBODY, kind=ActorClass.TRAILER, size_m=(12.0, 2.5, 3.8)),
        traits={"towed_by": "truck"},
    )
    rollout = played(dropping(at_s=0.5), trailer, ego=FAR_EGO, steps=8)
    names = rollout.actors.ids
    places = rollout.world_from_actor.translation_m[:, :, 0]
    behind = places[6, names.index("trailer")] - places[6, names.index("truck.cargo_0")]
    assert behind == pytest.approx(6.0 + 0.3 + 0.05, abs=0.1)


def test_who_follows_brakes_for_it_and_who_does_not_look_hits_it():
    ego = Ego(Place("middle", 60.0), 15.0, 15.0, 900.0)
    careful = played(dropping("pallet"), ego=ego, steps=90)
    assert not [e for e in careful.events if e.kind == "collision"]
    assert careful.velocity_mps[-1, 0, 0] < 1.0, "it stands in front of what lies there"
    blind = played(dropping("pallet"), ego=ego, steps=90, driver="constant_speed")
    crash = next(e for e in blind.events if e.kind == "collision")
    assert set(crash.actor_ids) == {"ego", "truck.cargo_0"}


def door(side="left", hold=1.0, at_s=0.5, **changes):
    behaviour = When(AtTime(at_s), OpenDoor(side, hold))
    return car("parked", 120.0, 0.0, "right", behaviour=behaviour, driver=NOBODY, **changes)


@pytest.mark.parametrize(("side", "hinge", "closed", "sign"), [
    ("left", (0.25 * 4.5, 0.98), math.pi, -1.0), ("right", (0.25 * 4.5, -0.98), math.pi, 1.0),
    ("rear", (-2.33, 0.45 * 1.8), -0.5 * math.pi, -1.0),
])  # fmt: skip
def test_a_door_swings_about_its_hinge(side, hinge, closed, sign):
    rollout = played(door(side), ego=FAR_EGO, steps=60)
    row = rollout.actors.ids.index("parked.door_0")
    valid = rollout.valid[:, row]
    assert valid.sum() == 29 and not valid[:6].any() and valid[6:35].all() and not valid[35:].any()
    for k in range(6, 35):
        clock = 0.1 * (k - 5)
        share = min(clock, 1.0) if clock <= 2.0 else 3.0 - clock
        angle = closed + sign * DOOR_ANGLE_RAD * share
        pose = rollout.world_from_actor[k, row]
        expected = np.array([120.0, -3.5]) + hinge + 0.525 * np.array([math.cos(angle), math.sin(angle)])
        assert pose.translation_m[:2] == pytest.approx(expected, abs=1e-6)
        assert math.cos(float(pose.yaw_rad()) - angle) == pytest.approx(1.0)
    swing = rollout.yaw_rate_radps[6:14, row]
    assert swing == pytest.approx(sign * DOOR_ANGLE_RAD) and rollout.yaw_rate_radps[20, row] == 0.0
    kinds = [(e.kind, e.actor_ids[0]) for e in rollout.events if e.kind in ("spawn", "despawn")]
    assert kinds == [("spawn", "parked.door_0"), ("despawn", "parked.door_0")]
    assert not [e for e in rollout.events if e.kind == "collision"], "it never touches its own vehicle"


def test_a_door_of_a_moving_vehicle_moves_with_it():
    moving = car("m", 120.0, 5.0, "right", behaviour=OpenDoor("left", 5.0), driver=NOBODY)
    rollout = played(moving, ego=FAR_EGO, steps=30)
    gap = rollout.world_from_actor.translation_m[15:, 2, :2] - rollout.world_from_actor.translation_m[15:, 1, :2]
    assert np.ptp(gap, axis=0) == pytest.approx(0.0, abs=1e-6)
    assert rollout.velocity_mps[20, 2, 0] == pytest.approx(5.0)


def test_a_cyclist_who_passes_close_is_doored_and_a_closed_door_harms_nobody():
    # A car at the kerb: 0.9 m of lane are left between its side and the cyclist's line.
    near = {"start": Place("right", 120.0, 0.0)}
    cyclist = car(
        "bike", 108.0, 6.0, "right", kind=ActorClass.BICYCLE, size_m=(1.8, 0.6, 1.7), start=Place("right", 108.0, 1.5),
        driver=NOBODY,
    )  # fmt: skip
    opens = played(door(hold=3.0, at_s=0.2, **near), cyclist, ego=FAR_EGO, steps=40)
    crash = [e for e in opens.events if e.kind == "collision"]
    assert crash and set(crash[0].actor_ids) == {"bike", "parked.door_0"}
    shut = played(car("parked", 120.0, 0.0, "right", driver=NOBODY, **near), cyclist, ego=FAR_EGO, steps=40)
    assert not [e for e in shut.events if e.kind == "collision"]
    row = opens.actors.ids.index("parked.door_0")
    after = opens.velocity_mps[:, row, 0]
    assert np.nanmax(after) > 0.5, "the door is torn off and slides on"


def test_the_same_bytes_in_a_batch_and_after_reset():
    wanted = scenario(dropping(), door(), ego=FAR_EGO)
    alone, many = (
        simulator().open([wanted], [0]),
        simulator(options=EmbeddedOptions(num_threads=2)).open([scenario(), wanted, wanted], [0, 0, 0]),
    )
    for session in (alone, many):
        session.run(50, "idm_lane_follow")
    one, two = alone.rollouts()[0], many.rollouts()[2]
    assert np.array_equal(one.world_from_actor.translation_m, two.world_from_actor.translation_m, equal_nan=True)
    alone.reset()
    assert not alone.run(1, "idm_lane_follow").valid[0, 3:].any(), "nothing lies there before it fell"
    alone.run(49, "idm_lane_follow")
    again = alone.rollouts()[0]
    assert np.array_equal(one.world_from_actor.translation_m, again.world_from_actor.translation_m, equal_nan=True)


def test_triggers_and_the_words_of_scenario_files_lead_to_them():
    stage = Stage(lambda path, value: {"b[0].for": 2.0, "b[0].side": "right"}[path], Place("middle", 0.0))
    tree = expand(step("open_door", side="right", for_="2 s"), "b[0]", stage)
    assert tree.steps[0] == OpenDoor("right", 2.0)
    near = When(DistanceBelow("ego", 30.0), OpenDoor("left", 2.0))
    rollout = played(
        car("parked", 150.0, 0.0, "right", behaviour=near, driver=NOBODY),
        ego=Ego(Place("left", 60.0), 15.0, 15.0, 900.0), lane_map=straight_map(0.02),
    )  # fmt: skip
    row = rollout.actors.ids.index("parked.door_0")
    first = int(np.argmax(rollout.valid[:, row]))
    assert 30 < first < 60
    ground = rollout.world_from_actor.translation_m[first, row, 2] - 0.6
    assert ground == pytest.approx(0.02 * rollout.world_from_actor.translation_m[first, row, 0], abs=0.02)


def test_names_that_do_not_exist_are_told():
    with pytest.raises(InputError, match=r"behaviour\.what.*'palet'.*pallet"):
        simulator().open([scenario(car("a", 90.0, 5.0, behaviour=DropCargo("palet")))], [0])
    with pytest.raises(InputError, match=r"behaviour\.side"):
        simulator().open([scenario(car("a", 90.0, 5.0, behaviour=OpenDoor("roof")))], [0])
