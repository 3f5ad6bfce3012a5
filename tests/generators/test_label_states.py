"""Controls, map, conditions and light: what holds, what is seen, how bright it is."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.errors import InputError
from driving_data.geometry import SE3
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, MapArea, Marking, MarkingKind, RoadSign, TrafficSignal
from driving_data.provenance import Provenance
from driving_data.rollout import SignalStates
from driving_data.taxonomy import ActorClass, ActorMode, Light, SemanticClass, SignalState
from generators.generate import generate
from generators.labels import light
from generators.labels.annotate import annotate
from generators.labels.boxes import make_labels
from generators.labels.choice import ON_REQUEST, chosen_labels
from generators.labels.conditions import conditions, work_zone_phase
from generators.labels.controls import controls, gesture_of, is_temporary
from generators.labels.illumination import illumination
from generators.labels.look import Look
from generators.labels.map_elements import map_elements, vector_patch
from generators.raytrace.generator import RaytraceGenerator
from tests.generators.street import StreetGenerator, rig, rollout

WHITE, YELLOW = Marking(MarkingKind.BROKEN, "white"), Marking(MarkingKind.BROKEN, "yellow")
KERB = Marking(MarkingKind.KERB)


def lane(name, y, width=3.5, start=-40.0, end=160.0, left=WHITE, right=KERB, **more):
    x = np.linspace(start, end, 41)
    lines = [np.column_stack([x, np.full(41, y + side * 0.5 * width), np.zeros(41)]) for side in (0, 1, -1)]
    return Lane(name, LaneKind.DRIVING, *lines, left, right, **more)


def two_lanes(signs=(), signals=(), areas=(), left=WHITE):
    """The ego's lane and one to its left, both along x."""
    lanes = (lane("right", -1.75, left=left), lane("left", 1.75, left=KERB, right=left))
    return LaneMap(lanes, signals, signs, areas, routes={"main": ("right",), "left": ("left",)}, name="urban")


def drive(lane_map, states=(), kinds=None, modes=None, num_actors=2, environment=None, speed_mps=5.0):
    ride = rollout(num_actors, speed_mps=speed_mps)
    ids = tuple(signal.id for signal in lane_map.signals)
    table = np.tile(np.array(states, np.int64).reshape(1, len(ids)), (ride.num_steps, 1))
    kind = ride.actors.kind if kinds is None else np.array([int(k) for k in kinds])
    return replace(
        ride, lane_map=lane_map, signals=SignalStates(ids, table), actors=replace(ride.actors, kind=kind),
        modes=None if modes is None else np.tile(np.array(modes, np.uint16), (ride.num_steps, 1)),
        environment=ride.environment if environment is None else environment,
    )  # fmt: skip


def signal(name="light", x=60.0, lanes=("right",)):
    line = np.array([[x - 2, -3.5, 0.0], [x - 2, 0.0, 0.0]])
    return TrafficSignal(name, np.array([x, -5.0, 3.0]), np.pi, lanes, line)


def sign(name, kind, x, lanes=("right",), value=float("nan"), y=-5.0, heading=np.pi):
    return RoadSign(name, kind, np.array([x, y, 2.4]), heading, value, lanes)


def bare(step=0):
    return Look(step, (), (), None)


def rows(made):
    return {name: k for k, name in enumerate(made.device)}


def test_a_light_holds_while_it_shows_a_steady_colour_and_overrides_the_stop_sign():
    for state, holds in (
        (SignalState.RED, True), (SignalState.GREEN, True), (SignalState.FLASHING_RED, True),
        (SignalState.OFF, False), (SignalState.FLASHING_YELLOW, False), (SignalState.UNKNOWN, False),
    ):  # fmt: skip
        ride = drive(
            two_lanes((sign("s", "stop", 58.0), sign("v", "speed_limit", 58.0, value=50.0)), (signal(),)), [state]
        )
        made = controls(ride, [bare()])
        row = rows(made)
        assert made.state[row["light"]] == state.name.lower() and made.in_force[row["light"]] == holds
        assert made.in_force[row["s"]] == (not holds)
        assert made.in_force[row["v"]] and made.state[row["v"]] == "50"


def test_a_flagger_with_a_gesture_overrides_the_light_and_one_without_does_not():
    for modes, state, overrides in ((0, "none", False), (ActorMode.SIGN_STOP, "stop", True),
                                    (ActorMode.WAVE_ON | ActorMode.PHONE, "go", True)):  # fmt: skip
        ride = drive(
            two_lanes(signals=(signal(x=30.0),)), [SignalState.RED], (ActorClass.CAR, ActorClass.FLAGGER),
            (0, modes),
        )  # fmt: skip
        made = controls(ride, [bare()])
        row = rows(made)
        hand = row[ride.actors.ids[1]]
        assert (made.kind[hand], made.state[hand], bool(made.temporary[hand])) == ("flagger", state, True)
        assert made.in_force[hand] == overrides and made.in_force[row["light"]] == (not overrides)
    assert gesture_of(ActorMode.SIGN_SLOW | ActorMode.DIRECT_LEFT) == "slow"


def test_a_device_applies_until_the_ego_has_passed_it_and_on_its_own_lane_only():
    lane_map = two_lanes((), (signal("near", 4.0), signal("far", 60.0), signal("other", 60.0, ("left",))))
    ride = drive(lane_map, [SignalState.RED] * 3)
    made = controls(ride, [bare(0), bare(10)])
    applies = {(int(s), d): bool(a) for s, d, a in zip(made.step, made.device, made.applies_to_ego, strict=True)}
    assert applies[0, "near"] and applies[0, "far"] and not applies[0, "other"]
    assert not applies[10, "near"] and applies[10, "far"]  # it stands 2 m behind its line; the ego drove 5 m


def test_signs_near_a_work_zone_sign_are_temporary():
    signs = (sign("w", "work_zone", 50.0), sign("l", "speed_limit", 70.0, value=30.0),
             sign("far", "speed_limit", 140.0), sign("back", "speed_limit", 70.0, heading=0.0))  # fmt: skip
    assert [is_temporary(each, signs) for each in signs] == [True, True, False, False]


@pytest.fixture(scope="module")
def town():
    """A light, a stop sign seen from behind and a speed limit, drawn by the real tracer."""
    signs = (sign("ahead", "speed_limit", 25.0, value=50.0), sign("behind", "speed_limit", 32.0, y=5.0, heading=0.0))
    ride = drive(two_lanes(signs, (signal(x=20.0),)), [SignalState.RED], num_actors=2)
    place = ride.world_from_actor.translation_m.copy()
    place[:, 1, :2] = [12.0, 40.0]
    ride = replace(ride, world_from_actor=replace(ride.world_from_actor, translation_m=place))
    sensors = rig(640, 360, lidar=False)
    return generate(ride, sensors, 3, RaytraceGenerator(), Provenance("t"), max_frames=1, labels=("all",))


def test_boxes_of_devices_are_around_pixels_of_their_face(town):
    made, frame = town.labels.controls, town.frames[0]
    row = rows(made)
    boxed = {made.device[r]: box for r, box in zip(made.row, made.box_px, strict=True)}
    assert set(boxed) == {"light", "ahead"} and row["behind"] not in made.row
    for name, kind in (("light", SemanticClass.TRAFFIC_LIGHT), ("ahead", SemanticClass.TRAFFIC_SIGN)):
        x0, y0, x1, y1 = boxed[name].astype(int)
        inside = frame.semantic[y0:y1, x0:x1] == kind
        assert inside.mean() > 0.5 and inside.any(axis=0).all() and inside.any(axis=1).all()
    # Head of 0.6 x 1.34 m at (20, -5), camera at x = 0.25: f = 384 px. An awning hides its lower corner.
    width, height = boxed["light"][2:] - boxed["light"][:2]
    assert width == pytest.approx(384.0 * 0.6 / 19.75, abs=1.5)
    assert 0.8 * 384.0 * 1.34 / 19.75 < height < 384.0 * 1.34 / 19.75 + 1.5


def test_every_label_on_request_is_made_and_kept_in_provenance(town):
    assert all(getattr(town.labels, name) is not None for name in ON_REQUEST)
    assert town.provenance.steps[-1].parameters["labels"] == sorted(ON_REQUEST)
    assert len(town.labels.occupancy) == 1 and len(town.labels.map_elements) > 5
    plain = annotate(town.rollout, town.rig, [bare()])
    assert plain.keypoints is None and plain.controls is None and plain.occupancy == ()


def test_unknown_labels_are_refused_all_at_once_with_the_nearest_name():
    assert chosen_labels(["boxes"]) == frozenset() and chosen_labels(["all"]) == frozenset(ON_REQUEST)
    with pytest.raises(InputError) as error:
        chosen_labels(["ocupancy", "keypoints", "control"])
    assert [fault.nearest for fault in error.value.faults] == ["occupancy", "controls"]


def test_old_lines_beside_temporary_ones_no_longer_hold():
    x = np.linspace(-40.0, 160.0, 41)
    line = np.column_stack([x, np.full(41, 0.4), np.zeros(41)])
    yellow = replace(lane("new", -1.4, left=YELLOW), left_m=line)
    works = (sign("w", "work_zone", 20.0),)
    for signs, holds in ((works, False), ((), True)):
        lane_map = LaneMap((lane("right", -1.75), yellow), signs=signs, routes={"main": ("right",)}, name="urban")
        found = {item.name: item for item in map_elements(drive(lane_map), [bare()]) if item.kind == "divider"}
        assert found["right.left"].in_force == holds and found["new.left"].in_force
        assert found["new.left"].temporary == (not holds) and not found["right.left"].temporary


def test_snow_covers_paint_and_not_kerbs():
    snowy = replace(Environment(), snow_mmph=2.0)
    made = map_elements(drive(two_lanes(), environment=snowy), [bare()])
    covered = {item.kind: item.covered for item in made}
    assert covered["divider"] and not covered["boundary"] and not covered["centerline"]
    assert np.isnan(made[0].visible_fraction)


def test_each_shared_line_is_listed_once_and_crossings_are_rings():
    crossing = MapArea("zebra", "crosswalk", np.array([[30, -3.5, 0], [34, -3.5, 0], [34, 3.5, 0], [30, 3.5, 0.0]]))
    made = map_elements(drive(two_lanes(signals=(signal(),), areas=(crossing,)), [SignalState.RED]), [bare()])
    kinds = [item.kind for item in made]
    assert kinds.count("divider") == 1 and kinds.count("ped_crossing") == 1 and kinds.count("stop_line") == 1
    assert kinds.count("centerline") == 2 and kinds.count("boundary") == 1 and kinds.count("drivable_area") == 1
    assert next(item for item in made if item.kind == "ped_crossing").closed


def test_a_patch_is_in_the_ego_frame_cut_and_evenly_spaced():
    ride = drive(two_lanes())
    patch = vector_patch(map_elements(ride, [bare()]), ride.world_from_ego()[0])
    (line,) = patch["divider"]
    assert line.shape == (20, 2) and np.allclose(line[:, 1], 1.8, atol=1e-6)  # the ego drives at y = -1.8
    assert np.allclose(np.abs(line[[0, -1], 0]), 30.0, atol=1e-6)
    assert np.allclose(np.abs(np.diff(line[:, 0])), 60.0 / 19, atol=1e-6)
    assert len(patch["boundary"]) == 2 and patch["ped_crossing"].shape == (0, 20, 2)


def test_the_part_of_a_line_behind_the_camera_or_far_away_is_not_seen(town):
    divider = next(item for item in town.labels.map_elements if item.kind == "divider")
    # The camera looks ahead: of the line from -40 to 160 m it sees what lies between its lower edge and 120 m.
    assert 0.55 < divider.visible_fraction < 0.6


def cones(ride, places):
    count = ride.num_actors
    place = ride.world_from_actor.translation_m.copy()
    place[:, 1:, :2] = np.array(places)[None, : count - 1]
    kinds = np.array([ActorClass.CAR, *[ActorClass.CONE] * (count - 1)])
    return replace(
        ride,
        actors=replace(ride.actors, kind=kinds),
        world_from_actor=replace(ride.world_from_actor, translation_m=place),
    )


def test_phases_of_a_work_zone_follow_signs_taper_and_devices():
    lane_map = two_lanes((sign("w", "work_zone", 20.0),))
    ride = replace(rollout(6, num_steps=30, speed_mps=50.0), lane_map=lane_map)
    # A taper from 45 m, the usual distance from 55 m on, the last device at 95 m.
    ride = cones(ride, [(45.0, -3.4), (50.0, -2.4), (55.0, -0.4), (75.0, -0.4), (95.0, -0.4)])
    x = ride.world_from_actor.translation_m[:, 0, 0]
    phase = [work_zone_phase(ride, step) for step in range(30)]
    for value, name in ((10.0, ""), (30.0, "advance_warning"), (50.0, "transition"), (80.0, "activity"),
                        (110.0, "termination"), (140.0, "")):  # fmt: skip
        assert phase[int(np.argmin(np.abs(x - value)))] == name, value


def test_conditions_repeat_the_environment_and_know_tunnels():
    tunnel = MapArea("t", "tunnel", np.array([[2.0, -8, 0], [40, -8, 0], [40, 8, 0], [2, 8, 0.0]]))
    weather = replace(Environment(), rain_mmph=3.0, road_wetness=0.6, fog_visibility_m=900.0)
    made = conditions(drive(two_lanes(areas=(tunnel,)), environment=weather), [bare(0), bare(10)])
    assert made.in_tunnel.tolist() == [False, True]
    assert made.rain_mmph.tolist() == [3.0, 3.0] and made.fog_visibility_m.tolist() == [900.0, 900.0]
    assert made.jurisdiction == ("", "") and made.work_zone_phase == ("", "")


def test_surface_and_lux_come_from_what_is_shown(town):
    made = town.labels.conditions
    assert made.surface == ("asphalt",)
    weather = town.rollout.environment
    in_the_open, in_shadow = light.level_lux(weather), light.sky_lux(weather)
    assert any(made.illuminance_lux[0] == pytest.approx(value, rel=1e-6) for value in (in_the_open, in_shadow))


def test_lux_of_sun_and_sky_meet_known_values():
    clear = replace(Environment(), cloud_cover=0.0, sun_elevation_rad=float(np.deg2rad(60.0)),
                    fog_visibility_m=1e9)  # fmt: skip
    # Direct 127,500 exp(-0.21 / sin 60) = 100,000 on its plane; level 86,600 + 15,200 from the sky.
    assert light.sun_lux(clear) == pytest.approx(100_050, rel=0.005)
    assert light.level_lux(clear) == pytest.approx(86_640 + 800 + 15_500 * np.sqrt(np.sin(np.deg2rad(60))), rel=0.005)
    grey = replace(clear, cloud_cover=1.0)
    assert light.sun_lux(grey) == 0.0 and light.level_lux(grey) == pytest.approx(300 + 21_000 * np.sin(np.deg2rad(60)))
    for degrees, lux in ((0.0, 800.0), (-6.0, 3.4), (-12.0, 0.0083), (-18.0, 0.00065), (-40.0, 0.00065)):
        dark = replace(clear, sun_elevation_rad=float(np.deg2rad(degrees)))
        assert light.level_lux(dark) == pytest.approx(lux, rel=1e-6)


def test_lux_of_a_lamp_and_of_a_beam_fall_with_the_square_and_the_cosine():
    up, point = np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3))
    below = light.lamp_lux(np.array([[0.0, 0.0, 8.0]]), point, up)[0, 0]
    assert below == pytest.approx(6000 / np.pi / 64)
    aside = light.lamp_lux(np.array([[8.0, 0.0, 8.0]]), point, up)[0, 0]
    assert aside == pytest.approx(below * np.cos(np.pi / 4) ** 4)
    beams = light.Lights(np.zeros((0, 3)), np.array([[0.0, 0.0, 0.7]]), np.array([[1.0, 0.0, 0.0]]), np.zeros(1))
    towards = np.array([[-1.0, 0.0, 0.0]])
    low, high, back = (
        light.beam_lux(beams, np.array([place]), towards)[0, 0]
        for place in ((20.0, 0.0, 0.3), (20.0, 0.0, 1.4), (-20.0, 0.0, 0.3))
    )
    assert low == pytest.approx(15_000 / 400, rel=0.01) and high == pytest.approx(200 / 400, rel=0.01) and back == 0.0


def night(lights):
    dark = replace(Environment(), sun_elevation_rad=-0.3, street_lights=False)
    ride = rollout(4, environment=dark)
    shown = np.zeros_like(ride.lights)
    shown[:, 0] = lights
    return replace(ride, lights=shown)


def test_at_night_only_what_the_beams_reach_is_lit():
    lit, dark = (
        generate(night(lights), rig(320, 180, lidar=False), 3, StreetGenerator(), Provenance("t"), max_frames=1,
                 labels=("illumination",)).labels
        for lights in (int(Light.LOW_BEAM), 0)
    )  # fmt: skip
    with_beams, without = lit.illumination.illuminance_lux, dark.illumination.illuminance_lux
    near, far = (int(np.flatnonzero(lit.boxes_3d.actor == actor)[0]) for actor in (1, 3))
    assert with_beams[near] > without[near] + 5.0 and with_beams[far] < 0.3 * with_beams[near]
    assert len(lit.illumination.frame) >= 1 and lit.illumination.lit_fraction[near] > 0.3


def test_by_day_the_lit_extent_is_the_visible_box_of_bright_paint():
    segment = generate(
        rollout(3), rig(320, 180, lidar=False), 3, StreetGenerator(), Provenance("t"), max_frames=1,
        labels=("illumination",),
    )  # fmt: skip
    made, boxes = segment.labels.illumination, segment.labels.boxes_2d
    luma = segment.frames[0].rgb @ np.array([0.2126, 0.7152, 0.0722])
    for row, box in zip(made.row, made.box_px, strict=True):
        actor = segment.labels.boxes_3d.actor[row]
        mask = (segment.frames[0].instance == actor + 1) & (luma >= 24)
        ys, xs = np.nonzero(mask)
        assert box.tolist() == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        whole = boxes.visible_px[boxes.actor == actor][0]
        assert np.all(box[:2] >= whole[:2]) and np.all(box[2:] <= whole[2:])
        assert 0 < made.lit_fraction[row] <= 1
    assert len(made.row) == 2


def test_a_shadow_takes_the_sun_from_a_surface():
    """The lee of a wall gets the light of the sky alone."""
    ride = replace(rollout(2), environment=replace(Environment(), cloud_cover=0.0))
    segment = generate(ride, rig(320, 180, lidar=False), 3, StreetGenerator(), Provenance("t"), max_frames=1,
                       labels=("illumination",))  # fmt: skip
    value = segment.labels.illumination.illuminance_lux[0]
    assert light.sky_lux(ride.environment) * 0.3 < value < 130_000.0
    looks = [Look(0, (), (), None)]
    blind = illumination(ride, looks, make_labels(ride, rig(), looks).boxes_3d)
    assert np.isnan(blind.illuminance_lux).all() and np.isnan(blind.lit_fraction).all()
    assert SE3.identity().shape == ()
