"""Where edges are smoothed: extra rays take the light of the surface beside them, and only of that one."""

from dataclasses import replace

import numpy as np

from driving_data.ports import SceneDescription
from generators.raytrace.cameras import raster_kernels
from generators.raytrace.cameras.render import render_view
from tests.generators.street import StreetGenerator, rig, rollout

WIDTH = HEIGHT = 3
MIDDLE = 4


def level(x, y, z=0.0, normal=(0.0, 0.0, 1.0)):
    """A point row on a plane."""
    row = np.zeros(12, np.float32)
    row[:3], row[3:6], row[6:9] = (x, y, z), normal, normal
    return row


def reused(sample, material=1, instance=-1, right=1, down=1, point=None, around=None):
    """The light that an extra ray through the middle pixel gets of its nine first rays; None where it must be lit."""
    points = np.stack([level(k % 3, k // 3) for k in range(9)]) if point is None else point
    materials = np.full(9, 1, np.int32) if around is None else np.array(around, np.int32)
    image = np.repeat(np.arange(9, dtype=np.float32)[:, None], 3, axis=1)
    out, wanting = np.zeros((1, 3), np.float32), np.zeros(1, bool)
    raster_kernels.reuse(
        WIDTH, HEIGHT, np.array([MIDDLE]), right, down, sample[None], np.array([material], np.int32),
        np.array([instance], np.int32), points, materials, np.full(9, -1, np.int32), np.full(9, 10.0, np.float32),
        image, out, wanting,
    )  # fmt: skip
    return None if wanting[0] else float(out[0, 0])


def test_a_ray_takes_the_light_of_its_own_pixel_when_it_met_the_same_surface():
    assert reused(level(1.2, 1.2)) == MIDDLE


def test_a_ray_over_the_edge_takes_the_neighbour_on_its_side():
    around = [1, 1, 1, 1, 2, 1, 1, 1, 1]
    assert reused(level(1.4, 1.0), around=around) == 5, "to the right"
    assert reused(level(0.6, 1.0), right=-1, around=around) == 3, "to the left"
    assert reused(level(1.0, 1.4), around=[2, 2, 2, 2, 2, 2, 2, 1, 2]) == 7, "below"
    assert reused(level(1.4, 0.6), down=-1, around=[2, 2, 1, 2, 2, 2, 2, 2, 2]) == 2, "across the corner"
    assert reused(level(0.6, 1.0), around=[1, 1, 1, 1, 2, 2, 1, 2, 2]) is None, "the other side is not looked at"


def test_another_actor_a_turned_or_a_farther_face_is_lit_on_its_own():
    assert reused(level(1.2, 1.2), instance=3) is None
    assert reused(level(1.2, 1.2), material=2) is None
    turned = np.array([0.0, np.sin(0.33), np.cos(0.33)])
    assert reused(level(1.2, 1.2, normal=turned)) is None and reused(level(1.2, 1.2, normal=(0, 0.2, 0.98))) == MIDDLE
    assert reused(level(1.2, 1.2, z=-0.08)) is None and reused(level(1.2, 1.2, z=-0.06)) == MIDDLE


def test_the_sky_is_the_sky():
    assert reused(level(0, 0), material=-1, around=[-1] * 9) == MIDDLE
    assert reused(level(0, 0), material=-1) is None


def test_smoothed_edges_are_near_those_of_a_picture_sixteen_times_as_fine():
    """At silhouettes the picture must be nearer to the mean of many rays than one ray a pixel is."""
    ride = rollout(5)
    scene = SceneDescription(None, ride.actors, 0, ride.environment, ())

    def light(factor):
        sensors = rig(160 * factor, 96 * factor, lidar=False)
        renderer = StreetGenerator().open(scene, sensors, 3)
        view = renderer.view(ride.state_at(0), ride.state_at(0), 0)
        picture = render_view(replace(view, onward=None), 1.0, 2)
        return np.clip(picture.light, 0.0, 1.5), picture

    coarse, picture = light(1)
    fine = light(4)[0].reshape(96, 4, 160, 4, 3)
    wanted = fine.mean(axis=(1, 3))
    one_ray = fine[:, 2, :, 2]
    edge = np.zeros(picture.instance.shape, bool)
    edge[:, 1:] |= picture.semantic[:, 1:] != picture.semantic[:, :-1]
    ours, raw = (np.abs(each - wanted)[edge].mean() for each in (coarse, one_ray))
    assert edge.sum() > 150 and ours < 0.7 * raw, (ours, raw)
