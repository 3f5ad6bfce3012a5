"""Bodies of actors: sound meshes that fill their boxes, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors
from driving_data.taxonomy import PEDESTRIANS, SEMANTIC_OF_ACTOR, VEHICLES, ActorClass, SemanticClass
from generators.raytrace.appearance import ACTOR_APPEARANCE_SPACE, Appearance, Options
from generators.raytrace.assets.car import car
from generators.raytrace.assets.car_shapes import SHAPES
from generators.raytrace.assets.catalogue import Body, body_of
from generators.raytrace.assets.figure import two_link, walking
from generators.raytrace.assets.finish import vehicle_finish
from generators.raytrace.assets.people import NUM_POSES
from generators.raytrace.materials import MaterialBook
from generators.raytrace.scene import Glow, Materials

SIZES = {
    ActorClass.CAR: (4.6, 1.85, 1.48),
    ActorClass.VAN: (5.6, 2.05, 2.4),
    ActorClass.TRUCK: (8.5, 2.5, 3.6),
    ActorClass.TRAILER: (7.0, 2.5, 3.2),
    ActorClass.BUS: (12.0, 2.55, 3.2),
    ActorClass.EMERGENCY_VEHICLE: (4.8, 1.9, 1.6),
    ActorClass.CONSTRUCTION_VEHICLE: (8.0, 2.8, 3.2),
    ActorClass.MOTORCYCLE: (2.1, 0.8, 1.55),
    ActorClass.BICYCLE: (1.75, 0.6, 1.7),
    ActorClass.E_SCOOTER: (1.15, 0.6, 1.8),
    ActorClass.PEDESTRIAN: (0.6, 0.6, 1.75),
    ActorClass.CHILD: (0.45, 0.45, 1.15),
    ActorClass.WHEELCHAIR: (1.1, 0.7, 1.35),
    ActorClass.FLAGGER: (0.7, 0.7, 1.9),
    ActorClass.ANIMAL: (1.6, 0.5, 1.4),
    ActorClass.CONE: (0.4, 0.4, 0.75),
    ActorClass.BARRIER: (3.0, 0.6, 0.8),
    ActorClass.DEBRIS: (0.9, 0.7, 0.4),
    ActorClass.OTHER: (1.0, 0.8, 1.2),
}
FILLS_ITS_BOX = VEHICLES | {
    ActorClass.MOTORCYCLE, ActorClass.BICYCLE, ActorClass.E_SCOOTER, ActorClass.CONE, ActorClass.BARRIER,
    ActorClass.DEBRIS, ActorClass.OTHER,
}  # fmt: skip


def _built(
    kind: ActorClass, size: tuple[float, float, float], seed: int = 3, **draws: object
) -> tuple[Body, Materials]:
    actors = Actors(("one",), np.array([int(kind)]), np.array([size]), np.zeros(1))
    scene = SceneDescription(None, actors, -1, Environment(), appearance={f"{key}.one": v for key, v in draws.items()})
    book = MaterialBook()
    body = body_of(scene, 0, Appearance(scene.appearance, seed), book)
    return body, book.freeze()


@pytest.mark.parametrize("kind", list(ActorClass))
def test_meshes_are_sound(kind: ActorClass) -> None:
    body, materials = _built(kind, SIZES[kind])
    for pose in (*body.poses, *(part.soup for part in body.parts), *(p for each in body.postures for p in each.poses)):
        assert 20 < len(pose) < 6000
        assert np.isfinite(pose.corners_m).all()
        assert np.isfinite(pose.uv_m).all()
        assert np.abs(np.linalg.norm(pose.normals, axis=-1) - 1).max() < 1e-6
        assert pose.material.min() >= 0
        assert pose.material.max() < len(materials.albedo)


@pytest.mark.parametrize("kind", list(ActorClass))
def test_bodies_stay_within_their_boxes(kind: ActorClass) -> None:
    size = np.array(SIZES[kind])
    body, _ = _built(kind, SIZES[kind])
    for number in range(len(body.poses)):
        points = body.at_rest(number).corners_m.reshape(-1, 3)
        # The paddle of a flagger may reach beyond a narrow box in plan.
        allowed = size * (np.array([1.6, 1.6, 1.0]) if kind == ActorClass.FLAGGER else np.ones(3))
        assert (np.abs(points) <= 0.5 * allowed + 1e-6).all()
        assert np.ptp(points[:, 2]) == pytest.approx(size[2], abs=0.02)
        if kind in FILLS_ITS_BOX:
            np.testing.assert_allclose(np.ptp(points, axis=0), size, atol=0.02)


@settings(max_examples=25, deadline=None)
@given(
    style=st.sampled_from(sorted(SHAPES)),
    length=st.floats(3.2, 6.5),
    width=st.floats(1.5, 2.2),
    height=st.floats(1.2, 2.8),
)
def test_every_car_fills_its_box_whatever_its_measures(style: str, length: float, width: float, height: float) -> None:
    finish = vehicle_finish(MaterialBook(), SemanticClass.CAR, "#808080")
    soup = car(SHAPES[style], (length, width, height), finish).at_rest()
    low, high = soup.corners_m.reshape(-1, 3).min(axis=0), soup.corners_m.reshape(-1, 3).max(axis=0)
    np.testing.assert_allclose(high, [length / 2, width / 2, height / 2], atol=1e-6)
    np.testing.assert_allclose(low, [-length / 2, -width / 2, -height / 2], atol=1e-6)
    assert np.isfinite(soup.normals).all()


@pytest.mark.parametrize("kind", [ActorClass.CAR, ActorClass.VAN, ActorClass.BUS, ActorClass.PEDESTRIAN])
def test_faces_look_outwards(kind: ActorClass) -> None:
    """Closed bodies enclose a positive volume, and shading normals agree with the way corners run."""
    body, _ = _built(kind, SIZES[kind])
    soup = body.at_rest()
    a, b, c = soup.corners_m[:, 0], soup.corners_m[:, 1], soup.corners_m[:, 2]
    volume = np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6
    box = np.prod(SIZES[kind])
    assert 0.1 * box < volume < 1.3 * box
    cross = np.cross(b - a, c - a)
    agree = np.einsum("fki,fi->fk", soup.normals, cross).mean(axis=1) > 0
    assert agree.mean() > 0.995


@pytest.mark.parametrize("kind", [ActorClass.CAR, ActorClass.PEDESTRIAN, ActorClass.DEBRIS])
def test_same_seed_same_bytes(kind: ActorClass) -> None:
    one, _ = _built(kind, SIZES[kind], seed=11)
    two, _ = _built(kind, SIZES[kind], seed=11)
    assert one.poses[-1].corners_m.tobytes() == two.poses[-1].corners_m.tobytes()
    assert one.poses[-1].material.tobytes() == two.poses[-1].material.tobytes()


def test_draws_decide_the_paint() -> None:
    _, red = _built(ActorClass.CAR, SIZES[ActorClass.CAR], car_color="red", car_style="sedan")
    _, blue = _built(ActorClass.CAR, SIZES[ActorClass.CAR], car_color="blue", car_style="sedan")
    assert red.albedo[0, 0] > 3 * red.albedo[0, 2]
    assert blue.albedo[0, 2] > 2 * blue.albedo[0, 0]


def test_unknown_draw_is_refused() -> None:
    with pytest.raises(ValueError, match=r"car_color\.one"):
        _built(ActorClass.CAR, SIZES[ActorClass.CAR], car_color="pink")


def test_every_car_style_and_colour_can_be_drawn() -> None:
    for key in ("car_color", "car_style"):
        options = ACTOR_APPEARANCE_SPACE[key]
        assert isinstance(options, Options)
        for value in options.values:
            _built(ActorClass.CAR, SIZES[ActorClass.CAR], **{key: value})


def test_walkers_walk_and_cars_roll() -> None:
    walker, _ = _built(ActorClass.PEDESTRIAN, SIZES[ActorClass.PEDESTRIAN])
    assert len(walker.poses) == NUM_POSES
    assert 1.2 < walker.stride_m < 1.6
    feet = [pose.corners_m[..., 0][pose.corners_m[..., 2] < -0.75] for pose in walker.poses]
    assert max(np.ptp(foot) for foot in feet) > 0.4
    rolling, _ = _built(ActorClass.CAR, SIZES[ActorClass.CAR])
    assert len(rolling.poses) == 1
    assert rolling.stride_m == np.inf


def test_vehicles_have_the_lamps_that_their_states_light() -> None:
    for kind in (ActorClass.CAR, ActorClass.TRUCK, ActorClass.BUS):
        body, materials = _built(kind, SIZES[kind])
        used = materials.glow[np.unique(body.poses[0].material)]
        lit = materials.emission[np.unique(body.poses[0].material)].max(axis=1) > 0
        for glow in (Glow.LOW_BEAM, Glow.BRAKE, Glow.LEFT_INDICATOR, Glow.RIGHT_INDICATOR):
            assert (used[lit] == glow).any(), (kind, glow)


def test_left_lamps_are_on_the_left() -> None:
    body, materials = _built(ActorClass.CAR, SIZES[ActorClass.CAR])
    soup = body.poses[0]
    for glow, sign in ((Glow.LEFT_INDICATOR, 1), (Glow.RIGHT_INDICATOR, -1)):
        lamps = (materials.glow[soup.material] == glow) & (materials.emission[soup.material].max(axis=1) > 0)
        y = soup.corners_m[lamps][..., 1]
        assert y.size
        assert (sign * y > 0).all()


def test_semantics_follow_the_actor() -> None:
    for kind in ActorClass:
        body, materials = _built(kind, SIZES[kind])
        classes = {int(value) for value in materials.semantic[np.unique(body.poses[0].material)]}
        expected = {int(SEMANTIC_OF_ACTOR[kind])}
        if kind in (ActorClass.MOTORCYCLE, ActorClass.BICYCLE, ActorClass.E_SCOOTER):
            expected = expected | {int(SemanticClass.RIDER)}
        assert classes == expected, kind
    assert SEMANTIC_OF_ACTOR[ActorClass.CHILD] == SemanticClass.PEDESTRIAN
    assert ActorClass.CHILD in PEDESTRIANS


def test_two_link_keeps_both_lengths() -> None:
    start, end = np.array([0.0, 0.0, 1.0]), np.array([0.3, 0.1, 0.4])
    joint = two_link(start, end, 0.43, 0.42, np.array([1.0, 0.0, 0.0]))
    assert np.linalg.norm(joint - start) == pytest.approx(0.43, abs=1e-9)
    assert np.linalg.norm(joint - end) == pytest.approx(0.42, abs=1e-9)


def test_a_walk_is_the_same_after_one_cycle_and_mirrored_after_half() -> None:
    first, half, full = walking(0.7, 0.4), walking(0.7 + np.pi, 0.4), walking(0.7 + 2 * np.pi, 0.4)
    np.testing.assert_allclose(first.ankles_m, full.ankles_m, atol=1e-12)
    np.testing.assert_allclose(first.ankles_m[0, [0, 2]], half.ankles_m[1, [0, 2]], atol=1e-12)
