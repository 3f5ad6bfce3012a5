from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.provenance import Provenance, Step
from driving_data.segment import Source
from generators.effects.atmosphere import LN_20
from generators.effects.augment import augment
from generators.effects.depth import FAR_M, frame_depth_m
from generators.effects.image import air_light, foggy, to_linear, to_srgb
from generators.effects.kinds import READY, Blur, Exposure, Fog, Jpeg, Night, Rain, Snow, WhiteBalance, draw_effects
from generators.effects.precipitation import Precipitation, streaks
from generators.generate import generate
from tests.generators.street import StreetGenerator, rig, rollout


@pytest.fixture(scope="module")
def segment():
    return generate(
        rollout(6), rig(240, 144), 3, StreetGenerator(), Provenance("test", seed=1, family="f"), max_frames=2
    )


def bare(segment):
    """As a real log is: pictures and points, no depth, no instances."""
    frames = tuple(replace(frame, depth_m=None, semantic=None, instance=None) for frame in segment.frames)
    return replace(segment, frames=frames, source=Source.REAL)


def test_linear_light_and_back():
    rgb = np.arange(256, dtype=np.uint8).reshape(1, -1, 1).repeat(3, axis=2)
    assert np.array_equal(to_srgb(to_linear(rgb)), rgb)


@given(st.floats(20, 500), st.integers(0, 100))
@settings(deadline=None, max_examples=25)
def test_fog_is_recovered_from_its_picture(visibility, seed):
    rng = np.random.default_rng(seed)
    linear = rng.random((20, 30, 3), dtype=np.float32)
    depth = (rng.random((20, 30)) * 0.5 * visibility + 1).astype(np.float32)
    air = np.array([0.5, 0.52, 0.55])
    out = foggy(linear, depth, LN_20 / visibility, air)
    away = np.abs(linear[..., 1] - air[1]) > 0.1
    ratio = (out[..., 1] - air[1])[away] / (linear[..., 1] - air[1])[away]
    beta = -np.polyfit(depth[away], np.log(ratio), 1)[0]
    assert beta == pytest.approx(LN_20 / visibility, rel=0.02)


@pytest.mark.parametrize("name", sorted(READY))
def test_every_ready_effect_changes_the_picture_and_keeps_the_record(segment, name):
    made = augment(segment, name, 5)
    again = augment(segment, name, 5)
    assert made.segment_id == again.segment_id != segment.segment_id
    for one, two, before in zip(made.frames, again.frames, segment.frames, strict=True):
        assert np.array_equal(one.rgb, two.rgb)
        assert np.abs(one.rgb.astype(int) - before.rgb.astype(int)).mean() > 1.0
    assert made.source is Source.AUGMENTED and made.provenance.parents == (segment.segment_id,)
    assert made.provenance.generation_depth == segment.provenance.generation_depth and made.provenance.family == "f"
    assert made.provenance.steps[-1].name == "generators.effects" and made.provenance.steps[-1].draws
    assert augment(segment, name, 6).segment_id != made.segment_id


@pytest.mark.parametrize("name", sorted(READY))
def test_effects_work_on_bare_pictures(segment, name):
    made = augment(bare(segment), name, 5)
    assert made.frames[0].rgb.shape == segment.frames[0].rgb.shape and made.frames[0].depth_m is None
    alone = augment(replace(bare(segment), labels=None, sweeps=()), name, 5)
    assert alone.labels is None


def test_fog_takes_far_actors_and_points(segment):
    made = augment(segment, [Fog(35.0)], 1)
    before, after = segment.labels.boxes_3d, made.labels.boxes_3d
    assert np.all(after.num_lidar_points <= before.num_lidar_points)
    assert after.num_lidar_points.sum() < before.num_lidar_points.sum()
    for one, two in zip(segment.sweeps, made.sweeps, strict=True):
        assert (
            len(two.points_m) < len(one.points_m)
            and two.instance is not None
            and len(two.instance) == len(two.points_m)
        )
    far = [row for row in range(len(after.actor)) if before.visible_fraction[row] > 0
           and _distance(segment, int(after.step[row]), int(after.actor[row])) > 40]  # fmt: skip
    near = [row for row in range(len(after.actor)) if before.visible_fraction[row] > 0.9
            and _distance(segment, int(after.step[row]), int(after.actor[row])) < 25]  # fmt: skip
    assert far and near
    assert all(after.visible_fraction[row] == 0.0 for row in far)
    assert all(after.visible_fraction[row] > 0.9 for row in near)
    assert len(made.labels.boxes_2d.frame) < len(segment.labels.boxes_2d.frame)
    assert "weather:fog" in made.tags and made.rollout.environment.fog_visibility_m == 35.0


def _distance(segment, step, actor):
    place = segment.rollout.world_from_actor.translation_m[step]
    return float(np.linalg.norm(place[actor] - place[segment.rollout.ego_index]))


def test_points_left_are_the_ones_counted(segment):
    """Removing what was lost and counting again is the same."""
    from driving_data.geometry import points_in_boxes

    made = augment(segment, [Fog(50.0)], 1)
    boxes = made.labels.boxes_3d
    for row in range(len(boxes.step)):
        sweep = next(s for s in made.sweeps if s.timestamp_ns == boxes.timestamp_ns[row])
        world = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
        pose = made.rollout.world_from_actor[int(boxes.step[row]), int(boxes.actor[row])]
        inside = points_in_boxes(world, pose[None], made.rollout.actors.size_m[boxes.actor[row]][None])
        assert boxes.num_lidar_points[row] == inside.sum()


def test_camera_effects_do_what_they_say(segment):
    rgb = segment.frames[0].rgb.astype(float)

    def shown(effect):
        return augment(segment, [effect], 1).frames[0].rgb.astype(float)

    assert shown(Exposure(1.0)).mean() > rgb.mean() > shown(Exposure(-1.0)).mean()
    assert np.array_equal(shown(Exposure(0.0)), rgb)
    warm = shown(WhiteBalance(1.2, 0.8)) - rgb
    assert warm[..., 0].mean() > 0 > warm[..., 2].mean() and abs(warm[..., 1]).max() == 0
    assert np.abs(np.diff(shown(Blur(2.0)), axis=1)).mean() < 0.8 * np.abs(np.diff(rgb, axis=1)).mean()
    assert 0 < np.abs(shown(Jpeg(30.0)) - rgb).mean() < 8
    assert shown(Night()).mean() < 0.5 * rgb.mean()


def test_rain_and_snow_fall_more_when_it_rains_more():
    def covered(rate, snow):
        return float(streaks(320, 200, 200.0, Precipitation(rate, snow), np.random.default_rng(1)).mean())

    assert covered(0.0, False) == 0.0
    assert 0 < covered(1.0, False) < covered(10.0, False) < covered(60.0, False) < 0.2
    assert 0 < covered(0.3, True) < covered(2.0, True) < 0.3


def test_estimated_depth_is_near_the_truth_on_the_road(segment):
    frame, model = segment.frames[0], segment.rig.cameras[0]
    truth = frame_depth_m(frame, model, None)
    guess = frame_depth_m(bare(segment).frames[0], model, segment.sweeps[0])
    road = (frame.semantic == 1) & (truth < 25)
    assert np.median(np.abs(guess - truth)[road] / truth[road]) < 0.1
    assert np.all(truth[np.isinf(frame.depth_m)] == FAR_M)
    car = frame.instance > 0
    plain = frame_depth_m(bare(segment).frames[0], model, None)
    error = [np.median(np.abs(d - truth)[car] / truth[car]) for d in (guess, plain)]
    assert error[0] < error[1]


def test_draws_are_counted_and_faults_are_told():
    assert draw_effects("fog", 1, 0) == draw_effects("fog", 1, 0) != draw_effects("fog", 1, 1)
    made = draw_effects({"night.beam": "1.0", "rain.rate": "5 mm/h"}, 1, 0)
    assert made == (Night(beam=1.0), Rain(5.0))
    assert draw_effects({"snow.rate": "1 mm/h"}, 1, 0) == (Snow(1.0),)
    with pytest.raises(InputError, match=r"did you mean 'fog\.visibility'"):
        draw_effects({"fog.visibilty": "5 m"}, 1, 0)
    with pytest.raises(InputError, match="fog"):
        draw_effects("fogg", 1, 0)


def test_a_recipe_is_signed_before_the_effects(segment):
    made = augment(segment, "camera", 5, Step("caller", "1", {"x": 1}))
    assert [step.name for step in made.provenance.steps[-2:]] == ["caller", "generators.effects"]


def test_air_is_grey_and_never_black_or_burnt():
    for level in (0.0, 0.2, 1.0):
        air = air_light(np.full((10, 10, 3), level, np.float32))
        assert np.all(air >= 0) and air.max() <= 0.65
