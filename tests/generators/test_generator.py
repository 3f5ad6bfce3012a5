import uuid
from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.errors import InputError
from driving_data.ports import Generator, Renderer, SceneDescription
from driving_data.provenance import Provenance
from driving_data.segment import Source, calibrated
from generators.conformance import check_generator, check_same
from generators.generate import generate, moments, next_state
from generators.interface import SilhouetteRenderer
from generators.randomize.randomization import read_randomization
from generators.raytrace.generator import RaytraceGenerator
from generators.registry import GENERATORS
from tests.generators.street import StreetGenerator, rig, rollout


def same(a, b):
    for one, two in zip(a.frames, b.frames, strict=True):
        assert np.array_equal(one.rgb, two.rgb) and np.array_equal(one.depth_m, two.depth_m)
    for one, two in zip(a.sweeps, b.sweeps, strict=True):
        assert np.array_equal(one.points_m, two.points_m)


def test_the_street_generator_keeps_every_promise():
    ride = rollout(6)
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    check_generator(StreetGenerator(), scene, rig(320, 200, readout_s=0.02), ride.state_at(0), ride.state_at(1))


def test_conformance_notices_noise_that_is_not_seeded():
    ride = rollout(3)
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    renderer = StreetGenerator().open(scene, rig(), 3)
    seen = renderer.render(ride.state_at(0), ride.state_at(0))
    spoiled = replace(seen, frames=(replace(seen.frames[0], rgb=255 - seen.frames[0].rgb),))
    with pytest.raises(AssertionError, match="rgb differs"):
        check_same(seen, spoiled)


@pytest.mark.slow
def test_the_ray_tracer_on_a_built_road_keeps_every_promise():
    from scenarios.concrete import RoadChoice
    from scenarios.roads import build_road

    lane_map = build_road(RoadChoice(archetype="urban"))
    route = lane_map.routes[sorted(lane_map.routes)[0]]
    lanes = {lane.id: lane for lane in lane_map.lanes}
    line = np.concatenate([lanes[lane].centerline_m for lane in route])
    ride = rollout(3)
    place = ride.world_from_actor.translation_m.copy()
    heading = np.arctan2(*(line[12] - line[10])[1::-1])
    for actor, ahead in enumerate((0.0, 12.0, 25.0)):
        place[:, actor] = line[10] + ahead * np.array([np.cos(heading), np.sin(heading), 0]) + [0, 0, 0.75]
    poses = type(ride.world_from_actor).from_yaw(np.full(place.shape[:2], heading), place)
    ride = replace(ride, world_from_actor=poses, velocity_mps=0 * ride.velocity_mps, lane_map=lane_map)
    scene = SceneDescription(lane_map, ride.actors, 0, ride.environment)
    check_generator(RaytraceGenerator(), scene, rig(240, 144), ride.state_at(0), ride.state_at(1))


def test_a_segment_is_complete_and_made_again_to_the_byte():
    ride = rollout(5)
    make = lambda **more: generate(  # noqa: E731
        ride, rig(), 3, StreetGenerator(), Provenance("test", seed=1), tags=("road:x", "weather:rain"), description="d",
        **more,
    )  # fmt: skip
    one, two = make(), make()
    same(one, two)
    assert one.segment_id == two.segment_id and str(uuid.UUID(one.segment_id)) == one.segment_id
    assert make(index=1).segment_id != one.segment_id
    assert one.source is Source.SYNTHETIC and one.tags == ("road:x", "weather:clear", "light:day")
    assert {frame.timestamp_ns for frame in one.frames} <= set(ride.timestamps_ns.tolist())
    assert one.provenance.steps[-1].name == "generators.raytrace_street" and one.provenance.generation_depth == 0
    assert calibrated(one) is one


def test_moments_follow_the_rate_and_the_ego():
    ride = rollout(2, num_steps=21)
    assert moments(ride, 2.0).tolist() == [0, 5, 10, 15, 20]
    assert moments(ride, 2.0, 3).tolist() == [0, 10, 20]
    late = ride.valid.copy()
    late[:6, 0] = False
    assert moments(replace(ride, valid=late), 2.0).tolist() == [10, 15, 20]
    with pytest.raises(ValueError, match="nothing can be seen"):
        moments(replace(ride, valid=np.zeros_like(late)), 2.0)
    with pytest.raises(ValueError, match="at least one"):
        moments(ride, 2.0, 0)


def test_the_last_moment_goes_on_moving():
    ride = rollout(2, num_steps=5, speed_mps=10.0)
    assert next_state(ride, 1, 0.2).timestamp_ns == ride.timestamps_ns[3]
    after = next_state(ride, 4, 0.1)
    step = after.world_from_actor.translation_m - ride.world_from_actor.translation_m[4]
    assert np.allclose(step[:, 0], 1.0) and after.timestamp_ns == ride.timestamps_ns[4] + 100_000_000


def test_randomization_is_written_down_and_kept_in_rig_and_environment():
    ride = rollout(4)
    space = read_randomization("standard")
    made = generate(ride, rig(), 3, StreetGenerator(), Provenance("test"), randomization=space, max_frames=1)
    draws = made.provenance.steps[-1].draws
    assert made.rollout.environment.cloud_cover == pytest.approx(
        np.clip(ride.environment.cloud_cover + draws["weather.cloud_cover_offset"], 0, 1)
    )
    moved = made.rig.cameras[0].ego_from_camera.translation_m - rig().cameras[0].ego_from_camera.translation_m
    wanted = (
        rig().cameras[0].ego_from_camera.rotate(np.array([draws[f"mounting.{axis}.camera_front"] for axis in "xyz"]))
    )
    assert np.allclose(moved, wanted)
    frame, pose = made.frames[0], made.rollout.world_from_ego()[0] @ made.rig.cameras[0].ego_from_camera
    assert np.allclose(frame.world_from_camera.matrix(), pose.matrix())


def test_dark_and_wet_scenes_look_so():
    ride = rollout(4)
    make = lambda e: generate(replace(ride, environment=e), rig(), 3, StreetGenerator(), Provenance("t"), max_frames=1)  # noqa: E731
    day, night = make(Environment()), make(replace(Environment(), sun_elevation_rad=-0.4))
    assert night.frames[0].rgb[:30].mean() < 0.5 * day.frames[0].rgb[:30].mean(), "the sky is dark"
    assert night.tags[-1] == "light:night"
    assert np.array_equal(day.frames[0].instance, night.frames[0].instance)


def test_the_registry_knows_the_ray_tracer_and_the_nearest_name():
    made = GENERATORS.load("raytrace")(threads=1)
    assert isinstance(made, Generator) and made.name == "raytrace"
    ride = rollout(2)
    renderer = StreetGenerator().open(SceneDescription(None, ride.actors, 0, ride.environment), rig(), 1)
    assert isinstance(renderer, Renderer) and isinstance(renderer, SilhouetteRenderer)
    with pytest.raises(InputError, match="did you mean 'raytrace'"):
        GENERATORS.load("raytrase")


def test_warming_up_compiles_what_a_render_needs():
    from generators.raytrace import shading_kernels, surface_kernels, tracer_kernels
    from generators.raytrace.cameras import isp_kernels, motion_kernels, raster_kernels
    from generators.raytrace.lidars import waveform_kernels
    from generators.raytrace.warm import warm_up

    for family in ("geometry", "shading"):
        warm_up(family)
    kernels = [
        tracer_kernels.trace,
        surface_kernels.surface,
        surface_kernels.finish,
        shading_kernels.light,
        shading_kernels.key_rays,
        shading_kernels.mirror_rays,
        shading_kernels.ambient_rays,
        isp_kernels.demosaic,
        isp_kernels.smooth,
        isp_kernels.tone,
        raster_kernels.edges,
        raster_kernels.merge,
        raster_kernels.reuse,
        raster_kernels.between,
        motion_kernels.carry,
        motion_kernels.seen_normals,
        raster_kernels.smooth_ambient,
        waveform_kernels.peaks,
    ]
    sensors = rig()
    sensors = replace(sensors, lidars=(replace(sensors.lidars[0], divergence_rad=0.003),))
    generate(rollout(3), sensors, 3, StreetGenerator(), Provenance("t"), max_frames=1)
    assert [len(kernel.signatures) for kernel in kernels] == [1] * len(kernels)


def test_a_closed_renderer_and_an_absent_ego_say_so():
    ride = rollout(2)
    renderer = StreetGenerator().open(SceneDescription(None, ride.actors, 0, ride.environment), rig(), 1)
    gone = replace(ride.state_at(0), valid=np.array([False, True]))
    with pytest.raises(ValueError, match="ego"):
        renderer.render(gone, gone)
    renderer.close()
    with pytest.raises(ValueError, match="closed"):
        renderer.render(ride.state_at(0), ride.state_at(0))
