"""What moves by itself on an actor: wheels, doors, arms, poses by mode."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, WorldState
from driving_data.taxonomy import ActorClass, ActorMode
from generators.raytrace.articulation import angles, body_meshes, part_boxes, part_poses
from generators.raytrace.build import build_scene
from generators.raytrace.scene import Joint, MeshScene
from generators.raytrace.tracer import place, poses_between, prepare, trace

NOW = np.zeros(1)


def _scene(kind: ActorClass, size: tuple[float, float, float], **draws: str) -> MeshScene:
    actors = Actors(("ego", "one"), np.array([1, int(kind)]), np.array([(4.5, 1.8, 1.5), size]), np.zeros(2))
    looks = {f"{key}.one": value for key, value in draws.items()}
    return build_scene(SceneDescription(None, actors, 0, Environment(), appearance=looks), seed=3)


def _state(
    x: float = 0.0, yaw: float = 0.0, time_s: float = 0.0, steering: float = 0.0, modes: ActorMode = ActorMode.NONE
) -> WorldState:
    place_m = np.array([[-50.0, 0.0, 0.75], [x * np.cos(yaw), x * np.sin(yaw), 0.75]])
    return WorldState(
        round(time_s * 1e9), SE3.from_yaw(np.array([0.0, yaw]), place_m), np.zeros((2, 3)), np.zeros(2),
        np.array([0.0, steering]), np.zeros(2, np.uint8), np.ones(2, dtype=bool), np.zeros(0, dtype=np.int64),
        np.array([0, int(modes)], dtype=np.uint16),
    )  # fmt: skip


CAR = _scene(ActorClass.CAR, (4.6, 1.85, 1.48), car_style="sedan")
DIGGER = _scene(ActorClass.CONSTRUCTION_VEHICLE, (9.0, 2.8, 3.2), machine="excavator")
FLAGGER = _scene(ActorClass.FLAGGER, (0.7, 0.7, 1.9))


@given(start=st.floats(-300.0, 300.0), way=st.floats(-2.0, 2.0), yaw=st.floats(-3.0, 3.0))
def test_wheels_roll_without_slip(start: float, way: float, yaw: float) -> None:
    parts = CAR.parts
    rolling = np.flatnonzero(np.isin(parts.joint, (Joint.ROLLS, Joint.STEERED)))
    assert len(rolling) == 4
    turn = angles(parts, _state(start, yaw), _state(start + way, yaw), np.array([0.0, 1.0]))
    difference = np.mod(turn[1] - turn[0] - way / parts.radius_m + np.pi, 2 * np.pi) - np.pi
    np.testing.assert_allclose(difference[rolling], 0.0, atol=1e-9)


def test_the_point_at_the_ground_stands_still_while_the_car_moves() -> None:
    """A forward turn takes the top of the wheel forward: a wheel that turned backwards would slip by twice the way."""
    way = 1e-4
    poses = part_poses(CAR.parts, _state(0.0), _state(way), np.array([0.0, 1.0]))
    row = int(np.flatnonzero(CAR.parts.joint == Joint.ROLLS)[0])
    radius = float(CAR.parts.radius_m[row])
    ground = poses[0, row].inverse().apply(CAR.parts.pivot_m[row] - np.array([0.0, 0.0, radius]))
    later = poses[1, row].apply(ground) + np.array([way, 0.0, 0.0])
    np.testing.assert_allclose(later, CAR.parts.pivot_m[row] - np.array([0.0, 0.0, radius]), atol=1e-7)


def test_only_the_front_wheels_steer() -> None:
    poses = part_poses(CAR.parts, _state(steering=0.3), _state(steering=0.3), NOW)[0]
    axle = poses.rotation[:, :, 1]  # the wheel's own axle, which rolling leaves alone
    for row, joint in enumerate(CAR.parts.joint):
        if joint == Joint.STEERED:
            assert CAR.parts.pivot_m[row, 0] > 0
            np.testing.assert_allclose(axle[row], [-np.sin(0.3), np.cos(0.3), 0.0], atol=1e-12)
        elif joint == Joint.ROLLS:
            assert CAR.parts.pivot_m[row, 0] < 0
            np.testing.assert_allclose(axle[row], [0.0, 1.0, 0.0], atol=1e-12)


def test_the_door_opens_outwards_about_its_front_edge_and_only_when_told() -> None:
    closed, opened = part_boxes(CAR, _state()), part_boxes(CAR, _state(modes=ActorMode.DOOR_OPEN))
    row = closed.name.index("door")
    assert closed.world_from_box.translation_m[row, 1] < 0.5 * 1.85
    assert opened.world_from_box.translation_m[row, 1] > closed.world_from_box.translation_m[row, 1] + 0.3
    hinge = CAR.parts.pivot_m[row]
    for boxes in (closed, opened):
        away = boxes.world_from_box.translation_m[row] - [0.0, 0.0, 0.75] - hinge
        assert np.linalg.norm(away[:2]) == pytest.approx(0.5 * closed.size_m[row, 0], abs=0.12)


def test_arms_move_only_at_work_and_hang_together() -> None:
    rest = [part_poses(DIGGER.parts, _state(time_s=t), _state(time_s=t), NOW)[0] for t in (0.0, 1.7)]
    np.testing.assert_array_equal(rest[0].rotation, rest[1].rotation)
    work = _state(time_s=2.0, modes=ActorMode.OPERATIONAL)
    moved = part_poses(DIGGER.parts, work, work, NOW)[0]
    names = DIGGER.parts.name
    assert {"house", "boom", "stick", "bucket"} <= set(names)
    for name in ("boom", "stick", "bucket"):
        row = names.index(name)
        assert np.linalg.norm(moved.translation_m[row] - rest[0].translation_m[row]) > 0.01 or name == "boom"
        parent = int(DIGGER.parts.parent[row])
        length = np.linalg.norm(moved.translation_m[row] - moved.translation_m[parent])
        assert length == pytest.approx(np.linalg.norm(DIGGER.parts.pivot_m[row]), abs=1e-9)
    again = part_poses(DIGGER.parts, work, work, NOW)[0]
    np.testing.assert_array_equal(moved.rotation, again.rotation)
    assert np.abs(moved.rotation - rest[0].rotation).max() > 0.1


def test_an_arm_at_work_may_reach_beyond_the_box_and_its_label_says_so() -> None:
    reach = []
    for t in np.arange(0.0, 12.0, 1.0):
        boxes = part_boxes(DIGGER, _state(time_s=float(t), modes=ActorMode.OPERATIONAL))
        row = boxes.name.index("bucket")
        reach.append(boxes.world_from_box.translation_m[row])
    assert np.ptp(np.array(reach)[:, 1]) > 1.0  # the house turns aside
    assert np.abs(np.array(reach)[:, 1]).max() > 0.5 * 2.8


def test_parts_are_seen_as_their_actor() -> None:
    traced = prepare(CAR)
    state = _state(modes=ActorMode.DOOR_OPEN)
    placed = place(traced, state, state, NOW, 0)
    assert placed.actor.tolist() == [1] * 6 and placed.part.tolist()[0] == -1
    door = part_boxes(CAR, state)
    spot = door.world_from_box.translation_m[door.name.index("door")]
    origin = (spot + np.array([0.0, 3.0, 0.0]) - traced.origin_m).astype(np.float32)[None]
    hits = trace(traced, placed, origin, np.array([[0.0, -1.0, 0.0]], np.float32), np.zeros(1, np.int32))
    assert placed.actor[hits.instance[0]] == 1
    assert CAR.parts.name[placed.part[hits.instance[0]]] == "door"
    assert hits.distance_m[0] == pytest.approx(3.0, abs=0.4)
    shut = place(traced, _state(), _state(), NOW, 0)
    assert (
        trace(traced, shut, origin, np.array([[0.0, -1.0, 0.0]], np.float32), np.zeros(1, np.int32)).distance_m[0] > 3.2
    )


def test_a_flagger_does_what_the_mode_says() -> None:
    shown = {mode: int(body_meshes(FLAGGER, _state(modes=mode))[1]) for mode in
             (ActorMode.NONE, ActorMode.SIGN_STOP, ActorMode.SIGN_SLOW, ActorMode.WAVE_ON, ActorMode.DIRECT_LEFT,
              ActorMode.DIRECT_RIGHT)}  # fmt: skip
    looks = {mode: FLAGGER.assets[mesh].vertices_m.tobytes() for mode, mesh in shown.items()}
    assert looks[ActorMode.NONE] == looks[ActorMode.SIGN_STOP]
    assert len(set(looks.values())) == 5
    left = FLAGGER.assets[shown[ActorMode.DIRECT_LEFT]].vertices_m
    right = FLAGGER.assets[shown[ActorMode.DIRECT_RIGHT]].vertices_m
    # The figure is about the middle of its extent, so the side of the arm is where the shoulders are not.
    shoulders = [mesh[np.abs(mesh[:, 2] - 0.55) < 0.1, 1] for mesh in (left, right)]
    assert np.median(shoulders[0]) < 0 < np.median(shoulders[1])
    wave = [int(body_meshes(FLAGGER, _state(time_s=t, modes=ActorMode.WAVE_ON))[1]) for t in np.arange(0.01, 3.2, 0.1)]
    assert len(set(wave)) == 6 and wave[:16] == wave[16:]


def test_a_call_is_seen_while_walking() -> None:
    scene = _scene(ActorClass.PEDESTRIAN, (0.7, 0.6, 1.75), carry="none")
    calling = [int(body_meshes(scene, _state(x, modes=ActorMode.PHONE))[1]) for x in np.arange(0.0, 1.4, 0.1)]
    walking = [int(body_meshes(scene, _state(x))[1]) for x in np.arange(0.0, 1.4, 0.1)]
    assert len(set(calling)) == 4 and len(set(walking)) == 8
    assert not set(calling) & set(walking)


def test_a_state_without_modes_is_at_rest() -> None:
    bare = replace(_state(time_s=2.0), modes=None)
    np.testing.assert_array_equal(
        part_poses(DIGGER.parts, bare, bare, NOW).rotation, part_poses(DIGGER.parts, _state(), _state(), NOW).rotation
    )


@pytest.mark.parametrize("modes", [ActorMode.NONE, ActorMode.OPERATIONAL | ActorMode.DOOR_OPEN])
@pytest.mark.parametrize("scene", [CAR, DIGGER], ids=["car", "digger"])
def test_fast_tables_agree_with_poses(scene: MeshScene, modes: ActorMode) -> None:
    start = _state(3.0, 0.4, 1.0, steering=0.2, modes=modes)
    end = _state(5.5, 0.5, 1.1, steering=0.2, modes=modes)
    fraction = np.linspace(0.0, 1.0, 7)
    traced = prepare(scene)
    placed = place(traced, start, end, fraction, 0)
    rows = placed.part[placed.part >= 0]
    body = poses_between(start.world_from_actor, end.world_from_actor, fraction)[:, scene.parts.actor[rows]]
    body = SE3(body.rotation, body.translation_m - traced.origin_m)
    local = part_poses(scene.parts, start, end, fraction)[:, rows]
    slow = (body @ local).inverse()
    fast = placed.instances.actor_from_world[:, placed.part >= 0].reshape(7, len(rows), 3, 4)
    np.testing.assert_allclose(fast[..., :3], slow.rotation, atol=2e-5)
    np.testing.assert_allclose(fast[..., 3], slow.translation_m, atol=2e-3)
