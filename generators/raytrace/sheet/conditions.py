"""The sheet of roads, weathers and times: every kind of road, under weathers and at hours that a stranger can name.

    python -m generators.raytrace.sheet.conditions docs/images/conditions

writes `sheet.jpg` with captions, `blind.jpg` without, and `answers.json`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.sensors import CameraModel, SensorRig
from generators.raytrace.generator import RaytraceGenerator
from generators.raytrace.sheet.stages import STAGES, Stage, placed


@dataclass(frozen=True, slots=True)
class Condition:
    """Weather and hour.

    Attributes:
        name: as `night_lit`.
        answers: names that count as right when somebody says what the picture shows.
        environment: the numbers.
        high_beam: whether the ego drives with its high beam.
    """

    name: str
    answers: tuple[str, ...]
    environment: Environment
    high_beam: bool = False


def _sun(elevation_deg: float, azimuth_deg: float = 150.0) -> tuple[float, float]:
    return float(np.deg2rad(elevation_deg)), float(np.deg2rad(azimuth_deg))


CONDITIONS: tuple[Condition, ...] = (
    Condition("day_clear", ("clear day", "sunny day"), Environment(*_sun(42.0), cloud_cover=0.15)),
    Condition("day_cloudy", ("partly cloudy day", "day"), Environment(*_sun(35.0, 230.0), cloud_cover=0.5)),
    Condition("overcast", ("overcast day", "grey day", "cloudy"), Environment(*_sun(35.0), cloud_cover=1.0)),
    Condition("low_sun", ("low sun", "sun ahead", "glare", "sunset", "sunrise"),
              Environment(*_sun(7.0, 80.0), cloud_cover=0.1)),
    Condition("dusk", ("dusk", "dawn", "twilight", "evening"),
              Environment(*_sun(-3.5, 60.0), cloud_cover=0.35, street_lights=True)),
    Condition("night_lit", ("night", "night with street lights"),
              Environment(*_sun(-30.0), cloud_cover=0.3, street_lights=True)),
    Condition("night_unlit", ("night", "dark night without street lights"), Environment(*_sun(-30.0), cloud_cover=0.3),
              high_beam=True),
    Condition("rain", ("rain", "wet"),
              Environment(*_sun(30.0), cloud_cover=0.95, rain_mmph=4.0, road_wetness=0.6, fog_visibility_m=8000.0)),
    Condition("heavy_rain", ("heavy rain", "downpour"),
              Environment(*_sun(25.0), cloud_cover=1.0, rain_mmph=30.0, road_wetness=1.0, fog_visibility_m=2500.0,
                          wind_mps=6.0)),
    Condition("fog", ("fog", "mist"), Environment(*_sun(25.0), cloud_cover=1.0, fog_visibility_m=110.0)),
    Condition("snow", ("snow",),
              Environment(*_sun(20.0), cloud_cover=1.0, snow_mmph=2.0, road_wetness=0.3, fog_visibility_m=2500.0,
                          wind_mps=2.0)),
    Condition("night_rain", ("rain at night", "wet night"),
              Environment(*_sun(-30.0), cloud_cover=1.0, rain_mmph=4.0, road_wetness=0.8, fog_visibility_m=8000.0,
                          street_lights=True)),
    Condition("night_fog", ("fog at night",),
              Environment(*_sun(-30.0), cloud_cover=1.0, fog_visibility_m=150.0, street_lights=True)),
)  # fmt: skip


# What the sheet shows: every road and every condition at least once.
SHEET: tuple[tuple[str, str], ...] = (
    ("motorway", "day_clear"), ("rural", "low_sun"), ("urban", "day_cloudy"), ("residential", "overcast"),
    ("crossroads_lights", "day_clear"), ("crossroads", "overcast"), ("t_junction", "day_cloudy"),
    ("roundabout", "day_clear"), ("ramp", "day_cloudy"), ("tunnel", "day_clear"), ("tunnel_entrance", "day_clear"),
    ("work_zone", "day_clear"), ("motorway", "heavy_rain"), ("ramp", "fog"), ("residential", "snow"),
    ("roundabout", "rain"), ("rural", "snow"), ("urban", "dusk"), ("rural", "night_unlit"), ("urban", "night_lit"),
    ("crossroads_lights", "night_rain"), ("residential", "night_fog"), ("work_zone", "night_lit"),
    ("motorway", "night_unlit"),
)  # fmt: skip


def camera(stage: Stage, width_px: int, height_px: int) -> CameraModel:
    """Looks ahead from where a driver's eyes are."""
    forward = np.array([np.cos(stage.down_rad), 0.0, -np.sin(stage.down_rad)])
    right = np.array([0.0, -1.0, 0.0])
    axes = np.stack([right, np.cross(forward, right), forward], axis=1)
    focal = 0.72 * width_px
    pose = SE3(axes, np.array([1.9, 0.0, stage.eye_m]))
    return CameraModel("front", width_px, height_px, focal, focal, 0.5 * width_px, 0.5 * height_px, pose)


def frame(
    stage: Stage, condition: Condition, width_px: int = 480, height_px: int = 270, seed: int = 3, samples: int = 0
) -> UInt8[np.ndarray, "H W 3"]:
    """One picture."""
    scene, state = placed(stage, condition.environment, condition.high_beam)
    rig = SensorRig("sheet", (camera(stage, width_px, height_px),), (), rate_hz=1.0)
    maker = RaytraceGenerator(quality="high", samples=samples) if samples else RaytraceGenerator()
    renderer = maker.open(scene, rig, seed)
    try:
        return renderer.render(state, state).frames[0].rgb
    finally:
        renderer.close()


def stage_of(name: str) -> Stage:
    """The stage of that name.

    Raises:
        KeyError: there is none.
    """
    return {stage.name: stage for stage in STAGES}[name]


def condition_of(name: str) -> Condition:
    """The condition of that name.

    Raises:
        KeyError: there is none.
    """
    return {condition.name: condition for condition in CONDITIONS}[name]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Draws the sheet of roads, weathers and times.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pair", action="append", help="ROAD:CONDITION; only these, one file each")
    parser.add_argument("--samples", type=int, default=0, help="paths a pixel; 0 for the fast mode")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    for pair in given.pair or []:
        road, hour = pair.split(":")
        picture = frame(stage_of(road), condition_of(hour), samples=given.samples)
        Image.fromarray(picture).save(given.folder / f"{road}_{hour}.png")


if __name__ == "__main__":
    main()
