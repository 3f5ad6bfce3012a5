"""Keypoints: where the rig puts them, what hides them, and the rolling shutter."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.geometry import SE3
from driving_data.labels import KEYPOINTS
from driving_data.ports import SceneDescription
from driving_data.taxonomy import ActorClass
from generators.labels.keypoints import keypoints
from generators.labels.look import Look
from generators.raytrace.assets.figure import FOREARM_M, SHIN_M, THIGH_M, UPPER_ARM_M, keypoints_of, walking
from generators.raytrace.generator import RaytraceGenerator
from generators.raytrace.soup import Soup, mirrored, moved, scaled, turned, yaw_rotation
from tests.generators.street import rig, rollout

PEOPLE = (
    (ActorClass.PEDESTRIAN, (0.6, 0.6, 1.75)), (ActorClass.CHILD, (0.45, 0.45, 1.1)),
    (ActorClass.FLAGGER, (0.8, 0.8, 2.0)), (ActorClass.WHEELCHAIR, (1.1, 0.7, 1.35)),
    (ActorClass.BICYCLE, (1.8, 0.65, 1.8)), (ActorClass.MOTORCYCLE, (2.1, 0.8, 1.6)),
    (ActorClass.E_SCOOTER, (1.2, 0.6, 1.85)),
)  # fmt: skip
INDEX = {name: k for k, name in enumerate(KEYPOINTS)}


def people(yaw=np.pi, others=(), speed_mps=0.0):
    """One person of each kind side by side ahead of the ego, then others as (kind, size, x, y)."""
    count = 1 + len(PEOPLE) + len(others)
    ride = rollout(1)
    kinds = [ActorClass.CAR, *(kind for kind, _ in PEOPLE), *(kind for kind, *_ in others)]
    size = np.array([[4.6, 1.85, 1.5], *(size for _, size in PEOPLE), *(size for _, size, *_ in others)])
    place = np.zeros((ride.num_steps, count, 3))
    place[:, 1 : 1 + len(PEOPLE), 0] = 12.0
    place[:, 1 : 1 + len(PEOPLE), 1] = 2.0 * (np.arange(len(PEOPLE)) - 3.0)
    for k, (_, _, x, y) in enumerate(others):
        place[:, 1 + len(PEOPLE) + k, :2] = x, y
    place[..., 2] = 0.5 * size[:, 2]
    place[:, 1:, 1] += speed_mps * ride.seconds()[:, None]
    shape = (ride.num_steps, count)
    angle = np.broadcast_to(np.where(np.arange(count) > 0, yaw, 0.0), shape)
    velocity = np.zeros((*shape, 3))
    velocity[:, 1:, 1] = speed_mps
    actors = replace(
        ride.actors, ids=tuple(f"a{k}" for k in range(count)), kind=np.array([int(k) for k in kinds]), size_m=size,
        rear_axle_to_center_m=np.full(count, 1.35),
    )  # fmt: skip
    return replace(
        ride, actors=actors, world_from_actor=SE3.from_yaw(angle, place), velocity_mps=velocity,
        acceleration_mps2=np.zeros((*shape, 3)), yaw_rate_radps=np.zeros(shape), steering_rad=np.zeros(shape),
        lights=np.zeros(shape, np.uint8), valid=np.ones(shape, dtype=bool),
    )  # fmt: skip


def seen(ride, width=640, readout_s=0.0, step=0):
    sensors = rig(width, width * 9 // 16, readout_s, lidar=False)
    scene = SceneDescription(None, ride.actors, 0, ride.environment, ())
    renderer = RaytraceGenerator().open(scene, sensors, 3)
    start, end = ride.state_at(step), ride.state_at(step + 1)
    frames = renderer.render(start, end).frames
    return frames[0], keypoints([Look(step, ((0, frames[0]),), (), None, renderer.inspect(start, end))])


@pytest.fixture(scope="module")
def facing():
    ride = people()
    return ride, *seen(ride)


def test_everybody_has_seventeen_points_within_the_box(facing):
    ride, _, made = facing
    assert made.actor.tolist() == list(range(1, 1 + len(PEOPLE))) and made.world_m.shape == (len(PEOPLE), 17, 3)
    for row, actor in enumerate(made.actor):
        local = ride.world_from_actor[0, int(actor)].inverse().apply(made.world_m[row])
        assert np.all(np.abs(local) <= 0.5 * ride.actors.size_m[actor] + 0.01)
        assert local[INDEX["nose"], 2] > local[INDEX["left_hip"], 2] > local[INDEX["left_ankle"], 2]
        for side, sign in (("left", 1), ("right", -1)):
            assert sign * local[INDEX[f"{side}_shoulder"], 1] > 0.05 and sign * local[INDEX[f"{side}_ear"], 1] > 0.01
        assert local[INDEX["nose"], 0] > local[INDEX["left_ear"], 0]


def test_limbs_have_the_length_that_the_body_is_built_with():
    points = keypoints_of(walking(1.1, 0.4))
    for side in ("left", "right"):
        shoulder, elbow, hip, knee, ankle = (
            points[INDEX[f"{side}_{part}"]] for part in ("shoulder", "elbow", "hip", "knee", "ankle")
        )
        assert np.linalg.norm(knee - hip) == pytest.approx(THIGH_M, abs=1e-6)
        assert np.linalg.norm(ankle - knee) == pytest.approx(SHIN_M, abs=1e-6)
        assert abs(np.linalg.norm(elbow - shoulder) - UPPER_ARM_M) < 0.02 and FOREARM_M > 0.2


def test_points_ride_along_with_the_triangles():
    points = np.arange(51.0).reshape(17, 3)
    soup = Soup(np.ones((1, 3, 3)), np.ones((1, 3, 3)), np.zeros((1, 3, 2)), np.zeros(1, np.int64), points)
    assert np.array_equal(moved(soup, (1, 2, 3)).keypoints_m, points + np.array([1, 2, 3]))
    assert np.array_equal(scaled(soup, (2, 3, 4)).keypoints_m, points * np.array([2, 3, 4]))
    assert np.allclose(turned(soup, yaw_rotation(0.5 * np.pi)).keypoints_m[:, 1], points[:, 0])
    other = mirrored(soup).keypoints_m
    assert np.array_equal(other[INDEX["left_wrist"]], points[INDEX["right_wrist"]] * [1, -1, 1])


def test_the_face_is_seen_from_ahead_and_hidden_from_behind(facing):
    _, _, made = facing
    nose = made.visibility[:, INDEX["nose"]]
    assert len(made.frame) == len(PEOPLE) and np.all(nose == 2)
    _, back = seen(people(yaw=0.0))
    assert np.all(back.visibility[:, INDEX["nose"]] == 1) and np.all(back.visibility[:, INDEX["left_eye"]] == 1)
    walker = back.visibility[back.row == 0][0]
    assert np.all(walker[[INDEX["left_shoulder"], INDEX["right_shoulder"], INDEX["left_hip"]]] == 2)


def test_seen_points_fall_on_pixels_of_the_person(facing):
    _, frame, made = facing
    for row, pixel, state in zip(made.row, made.image_px, made.visibility, strict=True):
        for u, v in np.floor(pixel[state == 2]).astype(int):
            # An ear at the edge of the head may fall between the centres of two pixels.
            assert np.any(frame.instance[v - 1 : v + 2, u - 1 : u + 2] == made.actor[row] + 1)


def test_what_stands_before_a_person_hides_the_points_behind_it():
    car = (ActorClass.CAR, (4.6, 1.85, 1.5), 8.0, -3.96)
    _, made = seen(people(others=(car,)))
    walker = made.visibility[made.row == 0][0]  # at y = -6, behind the car
    assert np.all(walker[[INDEX["left_ankle"], INDEX["right_ankle"], INDEX["left_knee"], INDEX["right_knee"]]] == 1)
    assert walker[INDEX["nose"]] == 2


def test_points_outside_the_picture_are_zero_and_nobody_behind_has_a_row():
    behind = (ActorClass.PEDESTRIAN, (0.6, 0.6, 1.75), -10.0, 0.0)
    edge = (ActorClass.PEDESTRIAN, (0.6, 0.6, 1.75), 5.0, 3.9)
    _, made = seen(people(others=(behind, edge)))
    first = 1 + len(PEOPLE)
    assert first in made.actor and not np.any(made.actor[made.row] == first)
    states = made.visibility[made.actor[made.row] == first + 1]
    assert len(states) == 1 and np.any(states == 0) and np.any(states > 0)


def test_a_rolling_shutter_shifts_points_to_where_their_row_saw_them():
    ride = people(speed_mps=6.0)
    frame, made = seen(ride, readout_s=0.03)
    _, still = seen(ride)
    for actor in (1, 3):
        a, b = made.actor[made.row] == actor, still.actor[still.row] == actor
        shift = made.image_px[a][0] - still.image_px[b][0]
        # Rows above the middle are read earlier: 6 m/s to the left at 10 m or so, f = 384 px.
        row = (made.image_px[a][0][:, 1] / 360.0 - 0.5) * 0.03
        depth = ride.world_from_actor.translation_m[0, actor, 0] - 0.25
        assert np.allclose(shift[:, 0], -384.0 * 6.0 * row / depth, atol=0.35)
        for u, v in np.floor(made.image_px[a][0][made.visibility[a][0] == 2]).astype(int):
            assert np.any(frame.instance[v - 1 : v + 2, u - 1 : u + 2] == actor + 1)
