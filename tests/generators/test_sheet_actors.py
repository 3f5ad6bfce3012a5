"""Every variant of every class: builds, fills its box, closed and outward, of its class, unlike the others."""

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors
from driving_data.taxonomy import SEMANTIC_OF_ACTOR, TWO_WHEELERS, ActorClass, SemanticClass
from generators.raytrace.appearance import ACTOR_APPEARANCE_SPACE, Appearance, Options
from generators.raytrace.assets.body import Body
from generators.raytrace.assets.catalogue import STYLE_KEYS, STYLE_OF_VARIANT, body_of, style_of
from generators.raytrace.materials import MaterialBook
from generators.raytrace.scene import Materials
from generators.raytrace.sheet.actors import Crop, blind_crops, crop
from generators.raytrace.sheet.variants import Variant, variants
from scenarios.types.traits import VARIANTS

MOST_TRIANGLES = 7000
CAR_TRIANGLES = 4400


def _built(variant: Variant, seed: int = 2) -> tuple[Body, Materials]:
    actors = Actors(("one",), np.array([int(variant.kind)]), np.array([variant.size_m]), np.zeros(1))
    draws = {f"{key}.one": value for key, value in variant.draws.items()}
    scene = SceneDescription(None, actors, -1, Environment(), appearance=draws)
    book = MaterialBook()
    body = body_of(scene, 0, Appearance(draws, seed), book)
    return body, book.freeze()


@pytest.mark.parametrize("variant", variants(), ids=lambda variant: variant.name)
def test_every_variant_is_sound(variant: Variant) -> None:
    body, materials = _built(variant)
    soup = body.at_rest()
    points = soup.corners_m.reshape(-1, 3)
    assert 20 < len(soup) < (CAR_TRIANGLES if variant.kind == ActorClass.CAR else MOST_TRIANGLES)
    assert np.isfinite(points).all() and np.abs(np.linalg.norm(soup.normals, axis=-1) - 1).max() < 1e-6
    # What a flagger holds may reach beyond the box in plan; nothing else does, at rest.
    room = np.array([1.6, 1.6, 1.0]) if variant.kind == ActorClass.FLAGGER else np.ones(3)
    assert (np.abs(points) <= 0.5 * np.array(variant.size_m) * room + 1e-6).all()
    assert np.ptp(points[:, 2]) == pytest.approx(variant.size_m[2], abs=0.02)
    a, b, c = soup.corners_m[:, 0], soup.corners_m[:, 1], soup.corners_m[:, 2]
    assert np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6 > 0.01 * np.prod(variant.size_m)
    agree = np.einsum("fki,fi->fk", soup.normals, np.cross(b - a, c - a)).mean(axis=1) > 0
    assert agree.mean() > 0.99
    allowed = {int(SEMANTIC_OF_ACTOR[variant.kind])}
    if variant.kind in TWO_WHEELERS:
        allowed |= {int(SemanticClass.RIDER)}
    assert {int(value) for value in materials.semantic[np.unique(soup.material)]} == allowed


def test_no_two_variants_look_alike() -> None:
    looks: dict[bytes, str] = {}
    for variant in variants():
        body, materials = _built(variant)
        shapes = [body.at_rest(), *(pose for posture in body.postures for pose in posture.poses[:1]
                                    if posture.mode & variant.modes)]  # fmt: skip
        look = b"".join(s.corners_m.round(5).tobytes() + materials.albedo[s.material].tobytes() for s in shapes)
        look += bytes([int(variant.modes) % 251])
        assert look not in looks, (variant.name, looks[look])
        looks[look] = variant.name


def test_the_sheet_shows_every_class_and_every_style() -> None:
    assert {variant.kind for variant in variants()} == set(ActorClass)
    shown = {(key, value) for variant in variants() for key, value in variant.draws.items()}
    hidden = {"auto", "mixed", "branch", "rock", "mattress", "cushion", "barricade", "sheep", "moose", "concrete_truck",
              "tanker"}  # fmt: skip
    for kind, key in STYLE_KEYS.items():
        options = ACTOR_APPEARANCE_SPACE[key]
        assert isinstance(options, Options)
        for value in set(options.values) - hidden:
            assert (key, value) in shown, (kind, value)


def test_a_box_of_a_known_variant_is_that_variant() -> None:
    for kind, of_class in VARIANTS.items():
        sizes = list(of_class.values())
        for variant, size in of_class.items():
            if variant in STYLE_OF_VARIANT and sizes.count(size) == 1:
                assert style_of(kind, size, "one", Appearance({}, 3)) == STYLE_OF_VARIANT[variant], variant


def test_styles_that_were_asked_for_win_over_measures() -> None:
    size = VARIANTS[ActorClass.CAR]["pickup"]
    assert style_of(ActorClass.CAR, size, "one", Appearance({"car_style.one": "sports"}, 3)) == "sports"
    assert style_of(ActorClass.CAR, size, "other", Appearance({"car_style.one": "sports"}, 3)) == "pickup"


def test_a_crop_shows_its_actor_and_comes_out_the_same() -> None:
    variant = next(each for each in variants() if each.name == "traffic cone")
    one, two = crop(variant, Crop(48)), crop(variant, Crop(48))
    np.testing.assert_array_equal(one, two)
    orange = (one[..., 0] > 150) & (one[..., 1] < 130) & (one[..., 2] < 90)
    assert orange.sum() > 150
    assert abs(float(np.argwhere(orange)[:, 1].mean()) - 24) < 4


def test_the_blind_check_has_no_captions_but_answers() -> None:
    blind = blind_crops(count=3, side_px=48)
    assert [each.number for each in blind] == [1, 2, 3]
    assert len({each.variant.name for each in blind}) == 3
    assert all(each.picture.shape == (48, 48, 3) for each in blind)
