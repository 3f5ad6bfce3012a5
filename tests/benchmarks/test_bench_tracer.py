"""The fixed street is what it says, and its figures are sound; no test asserts a time."""

import hashlib
import math

import numpy as np
import pytest

from benchmarks.tracer_fixed import FixedSizes, compile_figures, picture_figures, ray_figures, sweep_figures
from benchmarks.tracer_street import NUM_ACTORS, NUM_TRIANGLES, fixed_street, flattened
from benchmarks.worlds import camera_rig
from driving_data.taxonomy import SemanticClass

SMALL = FixedSizes(width_px=64, height_px=36, lidar=(8, 60), repeats=1, peers=False, compiles=False)


@pytest.fixture(scope="module")
def street():
    return fixed_street()


def test_the_street_has_150_000_triangles_and_30_that_move(street):
    made = street.traced.scene
    assert len(made.static.triangles) == NUM_TRIANGLES
    assert (made.asset_frames[:, 0] >= 0).sum() == NUM_ACTORS
    way = street.end.world_from_actor.translation_m - street.start.world_from_actor.translation_m
    assert np.linalg.norm(way, axis=-1).min() > 0.1, "every actor moves"
    again = fixed_street().traced.scene
    digest = [hashlib.sha256(scene.static.vertices_m.tobytes()).digest() for scene in (made, again)]
    assert digest[0] == digest[1]


def test_a_picture_of_it_has_everything_that_is_asked(street):
    frame = street.renderer(camera_rig(160, 90), 1).render(street.start, street.end).frames[0]
    seen = set(np.unique(frame.semantic))
    wanted = {SemanticClass.ROAD, SemanticClass.SIDEWALK, SemanticClass.BUILDING, SemanticClass.CAR,
              SemanticClass.VEGETATION, SemanticClass.SKY}  # fmt: skip
    assert {int(kind) for kind in wanted} <= seen
    assert len(np.unique(frame.instance)) > 5
    assert frame.normal is not None and frame.flow_px is not None and np.isfinite(frame.flow_px).any()


def test_other_renderers_get_the_same_triangles(street):
    corners, rows, materials = flattened(street)
    bodies = sum(len(street.traced.scene.assets[k].triangles) for k in street.traced.scene.asset_frames[1:, 0])
    assert len(corners) == len(rows) == NUM_TRIANGLES + bodies and rows.max() < len(materials.albedo)
    low, high = corners.reshape(-1, 3).min(axis=0), corners.reshape(-1, 3).max(axis=0)
    assert low[2] > -0.3 and high[2] < 25.0 and abs(low[0]) < 140.0


def test_figures_are_sound(street):
    figures = [*picture_figures(street, SMALL), *sweep_figures(street, SMALL), *ray_figures(street, SMALL)]
    assert len({figure.name for figure in figures}) == len(figures) == 6
    assert all(math.isfinite(figure.value) and figure.value > 0 for figure in figures)
    assert [figure.goal for figure in figures[:2]] == [400.0, 150.0]


def test_compilation_is_measured_in_processes_with_a_cache_of_their_own():
    code = "import os, pathlib; pathlib.Path(os.environ['NUMBA_CACHE_DIR'], '{}').touch(exist_ok=True)"
    cold, warm = compile_figures((code.format("a"), code.format("b")))
    assert (cold.goal, warm.goal) == (30.0, 3.0) and min(cold.value, warm.value) > 0
    with pytest.raises(RuntimeError, match="compile"):
        compile_figures(("raise SystemExit(1)",))


@pytest.mark.slow
@pytest.mark.extra
def test_other_renderers_and_ray_tracers_run(street):
    sizes = FixedSizes(width_px=64, height_px=36, lidar=(8, 60), repeats=1, compiles=False)
    figures = [*picture_figures(street, sizes), *ray_figures(street, sizes)]
    beside = [figure for figure in figures if "beside" in figure.name]
    assert len(beside) == 5
    for figure in beside:
        if figure.peer_value is None:
            assert "not measured" in figure.note
        else:
            assert figure.peer_value > 0
    if all(figure.peer_value is None for figure in beside):
        pytest.skip("pip reaches no registry: no other renderer can be installed")
    rays = [figure for figure in beside if figure.name.startswith("rays") and figure.peer_value is not None]
    for figure in rays:
        assert float(figure.note.split(";")[-1].split()[0]) > 99.9, "they meet the same triangles"
