from dataclasses import replace

import numpy as np
import pytest

from driving_data.geometry import points_in_boxes
from driving_data.provenance import Provenance
from generators.generate import generate
from generators.labels.boxes import Look, instance_boxes, make_labels
from tests.generators.street import CAR_SIZE, StreetGenerator, rig, rollout


@pytest.fixture(scope="module")
def segment():
    return generate(rollout(6), rig(320, 200), 3, StreetGenerator(), Provenance("test", seed=1), max_frames=3)


def test_every_actor_but_the_ego_has_a_box_at_every_look(segment):
    boxes = segment.labels.boxes_3d
    assert sorted(set(zip(boxes.step.tolist(), boxes.actor.tolist(), strict=True))) == [
        (step, actor) for step in sorted(set(boxes.step.tolist())) for actor in range(1, 6)
    ]
    assert np.array_equal(boxes.timestamp_ns, segment.rollout.timestamps_ns[boxes.step])


def test_points_in_boxes_are_counted_again(segment):
    boxes = segment.labels.boxes_3d
    for row in range(len(boxes.step)):
        sweep = next(s for s in segment.sweeps if s.timestamp_ns == boxes.timestamp_ns[row])
        world = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
        pose = segment.rollout.world_from_actor[int(boxes.step[row]), int(boxes.actor[row])]
        inside = points_in_boxes(world, pose[None], segment.rollout.actors.size_m[boxes.actor[row]][None])
        assert boxes.num_lidar_points[row] == inside.sum()
    assert boxes.num_lidar_points.max() > 20


def test_boxes_are_tight_around_the_pixels(segment):
    boxes = segment.labels.boxes_2d
    assert len(boxes.frame) > 5
    for row in range(len(boxes.frame)):
        mask = segment.frames[boxes.frame[row]].instance == boxes.actor[row] + 1
        rows, columns = np.nonzero(mask)
        wanted = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert boxes.visible_px[row].tolist() == wanted and boxes.num_pixels[row] == mask.sum()
        amodal = boxes.amodal_px[row]
        assert np.all(amodal[:2] <= boxes.visible_px[row, :2] + 1.5) and np.all(
            amodal[2:] >= boxes.visible_px[row, 2:] - 1.5
        )


def test_what_stands_behind_another_is_hidden():
    """Car 3 stands right behind car 1, seen from the ego; car 2 is free."""
    ride = rollout(4)
    place = ride.world_from_actor.translation_m.copy()
    place[:, 3] = place[:, 1] + [6.0, 0, 0]
    behind = replace(ride, world_from_actor=replace(ride.world_from_actor, translation_m=place))
    made = generate(behind, rig(480, 270), 3, StreetGenerator(), Provenance("t"), max_frames=1)
    visible = dict(zip(made.labels.boxes_3d.actor.tolist(), made.labels.boxes_3d.visible_fraction, strict=True))
    assert visible[1] == 1.0 and visible[2] > 0.95 and visible[3] < 0.05
    half = place.copy()
    half[:, 3] = place[:, 1] + [6.0, 0.5 * CAR_SIZE[1], 0]
    partly = replace(ride, world_from_actor=replace(ride.world_from_actor, translation_m=half))
    made = generate(partly, rig(480, 270), 3, StreetGenerator(), Provenance("t"), max_frames=1)
    row = np.flatnonzero(made.labels.boxes_2d.actor == 3)[0]
    assert 0.3 < made.labels.boxes_2d.occlusion[row] < 0.8


def test_without_sensors_labels_say_that_nothing_is_known():
    ride = rollout(3)
    labels = make_labels(ride, replace(rig(), cameras=(), lidars=()), [Look(0, (), (), None)])
    assert labels.boxes_3d.num_lidar_points.tolist() == [-1, -1] and np.isnan(labels.boxes_3d.visible_fraction).all()
    assert len(labels.boxes_2d.frame) == 0 and labels.boxes_2d.visible_px.shape == (0, 4)
    assert len(make_labels(ride, rig(), []).boxes_3d.step) == 0


def test_instance_boxes_of_a_drawn_mask():
    mask = np.zeros((6, 8), np.uint16)
    mask[1:3, 2:5], mask[4, 7] = 3, 1
    made = instance_boxes(mask)
    assert set(made) == {0, 2}
    assert made[2][0].tolist() == [2, 1, 5, 3] and made[2][1] == 6 and made[0][0].tolist() == [7, 4, 8, 5]
