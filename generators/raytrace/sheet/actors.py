"""The sheet of actors: each alone on a plain, in day light, about as large as its picture.

    python -m generators.raytrace.sheet.actors docs/images/actors

writes `sheet.jpg` with captions, `blind.png` (60 pictures of 64 pixels under numbers) and `answers.json`.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, WorldState
from driving_data.sensors import CameraModel, SensorRig
from driving_data.taxonomy import ActorClass
from generators.raytrace.generator import RaytraceGenerator
from generators.raytrace.sheet.variants import Variant, variants

DAY = Environment(sun_elevation_rad=0.85, sun_azimuth_rad=-0.6, cloud_cover=0.15)
EYE_M = 2.2
BLIND_CROPS, BLIND_SIDE_PX, CAPTION_PX = 60, 64, 13


@dataclass(frozen=True, slots=True)
class Crop:
    """How one actor is looked at.

    Attributes:
        side_px: side of the square picture.
        yaw_rad: heading of the actor; 0 looks away from the camera, pi towards it.
        seed: of everything not drawn.
        time_s: the moment, for what moves by itself.
        steering_rad: of the road wheels.
        fill: share of the picture that the actor's box takes.
    """

    side_px: int = 160
    yaw_rad: float = 2.5
    seed: int = 1
    time_s: float = 1.0
    steering_rad: float = 0.0
    fill: float = 0.9


def crop(variant: Variant, look: Crop) -> UInt8[np.ndarray, "S S 3"]:
    """A picture of one variant."""
    reach = float(np.linalg.norm(variant.size_m))
    distance = max(4.0, 2.6 * reach)
    camera = _camera(variant, look, distance)
    ego = np.array([-distance, 0.0, 0.75])
    rig = SensorRig("sheet", (camera,), (), rate_hz=1.0)
    actors = Actors(
        ("ego", "one"), np.array([ActorClass.CAR, variant.kind]), np.array([(4.5, 1.8, 1.5), variant.size_m]),
        np.zeros(2),
    )  # fmt: skip
    draws = {f"{key}.one": value for key, value in variant.draws.items()} | {"hill_height": 8.0, "season": "summer"}
    scene = SceneDescription(None, actors, 0, DAY, appearance=draws)
    state = WorldState(
        round(look.time_s * 1e9),
        SE3.from_yaw(np.array([0.0, look.yaw_rad]), np.array([ego, [0.0, 0.0, 0.5 * variant.size_m[2]]])),
        np.zeros((2, 3)), np.zeros(2), np.array([0.0, look.steering_rad]),
        np.array([0, int(variant.lights)], dtype=np.uint8), np.ones(2, dtype=bool), np.zeros(0, dtype=np.int64),
        np.array([0, int(variant.modes)], dtype=np.uint16),
    )  # fmt: skip
    renderer = RaytraceGenerator().open(scene, rig, look.seed)
    try:
        return renderer.render(state, state).frames[0].rgb
    finally:
        renderer.close()


def _camera(variant: Variant, look: Crop, distance: float) -> CameraModel:
    """Looks at the middle of the box, which fills its share of the picture."""
    length, width, height = variant.size_m
    cos, sin = abs(np.cos(look.yaw_rad)), abs(np.sin(look.yaw_rad))
    across = length * sin + width * cos
    side = max(across, height + 0.12 * length * cos)
    focal = look.fill * look.side_px * distance / side
    eye = max(EYE_M, 1.1 * height if height < 3.0 else 0.8 * height)
    down = np.arctan2(eye - 0.5 * height, distance)
    forward = np.array([np.cos(down), 0.0, -np.sin(down)])
    right = np.array([0.0, -1.0, 0.0])
    axes = np.stack([right, np.cross(forward, right), forward], axis=1)
    half = 0.5 * look.side_px
    # The ego's rear axle is at its box centre and on the ground.
    return CameraModel("camera", look.side_px, look.side_px, focal, focal, half, half,
                       SE3(axes, np.array([0.0, 0.0, eye])))  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class BlindCrop:
    """One picture of the blind check and what it shows.

    Attributes:
        number: as written beside the picture.
        variant: what it shows.
        picture: without a caption, shape (S, S, 3).
    """

    number: int
    variant: Variant
    picture: UInt8[np.ndarray, "S S 3"]


def blind_crops(count: int = BLIND_CROPS, side_px: int = BLIND_SIDE_PX, seed: int = 0) -> tuple[BlindCrop, ...]:
    """Pictures of different variants in an order and from directions that the seed draws."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 60]))
    everything = variants()
    order = rng.permutation(len(everything))[:count]
    yaw = rng.uniform(0.0, 2 * np.pi, count)
    return tuple(
        BlindCrop(
            number + 1,
            everything[row],
            crop(everything[row], Crop(side_px, float(_telling(everything[row], yaw[number])), seed=seed + number)),
        )
        for number, row in enumerate(order)
    )


def _telling(variant: Variant, yaw_rad: float) -> float:
    """The direction itself, but people who show something face the camera within 75 degrees, and doors are seen."""
    if variant.kind == ActorClass.FLAGGER:
        return np.pi + (yaw_rad - np.pi) * 75.0 / 180.0
    if "door" in variant.name:
        return 0.5 * np.pi + (yaw_rad - np.pi) * 60.0 / 180.0
    return yaw_rad


def page(pictures: Sequence[UInt8[np.ndarray, "S S 3"]], captions: Sequence[str], columns: int) -> Image.Image:
    """Pictures in rows with their captions below them."""
    side = pictures[0].shape[0]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + CAPTION_PX)), (246, 246, 242))
    pen = ImageDraw.Draw(sheet)
    for k, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = (k % columns) * side, (k // columns) * (side + CAPTION_PX)
        sheet.paste(Image.fromarray(picture), (x, y))
        pen.text((x + 3, y + side + 1), caption, fill=(20, 20, 20))
    return sheet


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Draws the sheet of actors and the pictures of its blind check.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the blind check")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    shown = variants()
    pictures = [crop(variant, Crop()) for variant in shown]
    page(pictures, [variant.name for variant in shown], 8).save(given.folder / "sheet.jpg", quality=88)
    blind = blind_crops(seed=given.seed)
    captions = [str(each.number) for each in blind]
    page([each.picture for each in blind], captions, 10).save(given.folder / "blind.png")
    answers = {str(each.number): [each.variant.name, *each.variant.also] for each in blind}
    (given.folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
