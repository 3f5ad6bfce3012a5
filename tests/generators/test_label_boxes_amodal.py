"""Amodal boxes are around the projected surface: twins, occlusion, the edge of the picture, rolling shutters."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.ports import SceneDescription
from generators.labels.boxes import instance_boxes
from generators.labels.proof import box_iou
from generators.raytrace.cameras.outlines import outlines
from tests.generators.street import StreetGenerator, rig, rollout


def at(places, readout_s=0.0, width=480):
    """Outlines and masks of cars at (x, y); the first is the ego."""
    ride = rollout(len(places) + 1)
    place = ride.world_from_actor.translation_m.copy()
    place[:, 1:, :2] = np.array(places)[None]
    ride = replace(ride, world_from_actor=replace(ride.world_from_actor, translation_m=place))
    sensors = rig(width, width * 9 // 16, readout_s, lidar=False)
    renderer = StreetGenerator().open(SceneDescription(None, ride.actors, 0, ride.environment, ()), sensors, 3)
    start, end = ride.state_at(0), ride.state_at(1)
    frames = renderer.render(start, end)
    geometry = renderer.inspect(start, end)
    counts = renderer.silhouettes(start, end, frames)
    return instance_boxes(frames.frames[0].instance), geometry, counts


@pytest.mark.parametrize("readout_s", [0.0, 0.03])
def test_the_outline_of_a_free_car_is_the_box_of_its_mask(readout_s):
    masks, geometry, _ = at([(14.0, -1.8), (25.0, 3.0)], readout_s)
    made = outlines(geometry, 0)
    for actor in (1, 2):
        assert box_iou(masks[actor][0], made[actor]) > 0.9
        assert np.abs(masks[actor][0] - made[actor]).max() <= 1.0


def test_what_is_hidden_keeps_its_outline():
    masks, geometry, counts = at([(10.0, -1.8), (20.0, -1.8)])
    made = outlines(geometry, 0)
    _, alone, _ = at([(200.0, 20.0), (20.0, -1.8)])
    assert 2 not in masks and np.allclose(made[2], outlines(alone, 0)[2], atol=1e-6)
    assert np.allclose(counts.outline_px[0, 2], made[2])


def test_at_the_edge_the_whole_is_clipped_and_the_inside_part_is_what_the_mask_shows():
    masks, geometry, _ = at([(4.4, 3.3)])
    whole, inner = outlines(geometry, 0)[1], outlines(geometry, 0, inside=True)[1]
    assert box_iou(masks[1][0], inner) > 0.9 and whole[0] == 0.0
    assert np.all(whole[:2] <= inner[:2]) and np.all(whole[2:] >= inner[2:])


def test_a_car_beside_the_camera_is_cut_where_it_passes_behind_it():
    masks, geometry, _ = at([(2.2, 2.4)])
    assert box_iou(masks[1][0], outlines(geometry, 0, inside=True)[1]) > 0.9


def test_out_of_view_there_is_none():
    _, geometry, _ = at([(-15.0, 0.0), (5.0, 40.0)])
    assert np.isnan(outlines(geometry, 0)).all()
