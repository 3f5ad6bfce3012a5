"""Makes the pictures of docs/cameras.md again.

    python tools/camera_pictures.py [folder]

One drawn scenario of the library is played once; every panel is a look of one camera at the same moment.
"""

import sys
from dataclasses import replace
from math import pi, radians
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from driving_data.environment import Environment  # noqa: E402
from driving_data.ports import SceneDescription  # noqa: E402
from driving_data.rollout import Rollout  # noqa: E402
from driving_data.sensors import (  # noqa: E402
    CameraModel,
    EventCameraModel,
    EventStream,
    SensorFrames,
    SensorRig,
    ThermalModel,
)
from driving_data.taxonomy import Light  # noqa: E402
from generators.raytrace.build import build_scene  # noqa: E402
from generators.raytrace.cameras.settings import Development  # noqa: E402
from generators.raytrace.renderer import RaytraceRenderer  # noqa: E402
from generators.raytrace.tracer import TracedScene, prepare  # noqa: E402
from scenarios import library  # noqa: E402
from scenarios.types.sensors import camera  # noqa: E402
from sim_bridge.embedded.simulator import EmbeddedSimulator  # noqa: E402

SIZE = (400, 225)
SEED = 11
AHEAD = (1.7, 0.0, 1.5)
DAY = Environment(sun_elevation_rad=0.75, sun_azimuth_rad=2.2, cloud_cover=0.15)
NIGHT = Environment(sun_elevation_rad=-0.35, cloud_cover=0.1, street_lights=True)
DARK = replace(NIGHT, street_lights=False)


def main(folder: Path) -> int:
    """Writes `cameras.jpg` and `night_sensors.jpg`."""
    rollout = played()
    scene = SceneDescription(
        rollout.lane_map, rollout.actors, rollout.ego_index, rollout.environment, rollout.signals.ids
    )
    traced = prepare(build_scene(scene, SEED))
    step = moment_of(rollout)
    sheet([panel(rollout, scene, traced, step, *each) for each in camera_panels(rollout)], folder / "cameras.jpg")
    night = camera("night", 0.0, radians(60.0), AHEAD, SIZE)
    rig = SensorRig(
        "night", (night,), thermals=(ThermalModel(night),), event_cameras=(EventCameraModel(night),)
    )  # fmt: skip
    seen = look(rollout, scene, traced, step, rig, NIGHT, Development())
    panels = [
        ("a colour camera", Image.fromarray(seen.frames[0].rgb)),
        ("thermal, white is 22 C", thermal_picture(seen)),
        ("events of 0.1 s", event_picture(seen.events[0])),
    ]
    sheet(panels, folder / "night_sensors.jpg")
    return 0


def played() -> Rollout:
    """A drawn scenario, played for its length."""
    drawn = library.load("crossing_pedestrian").sample(5, 0)
    session = EmbeddedSimulator().open([drawn], seeds=[drawn.seed])
    session.run(110, "idm_lane_follow")
    rollout = session.rollouts()[0]
    session.close()
    return rollout


def moment_of(rollout: Rollout) -> int:
    """The moment at which the walker is nearest to 16 m ahead."""
    walker = rollout.actors.ids.index("walker")
    ego = rollout.world_from_actor[:, rollout.ego_index]
    place = ego.inverse().apply(rollout.world_from_actor.translation_m[:, walker])
    off = np.abs(place[:, 0] - 16.0) + 4.0 * np.abs(place[:, 1])
    return int(np.nanargmin(off[: rollout.num_steps - 1]))


Panel = tuple[str, CameraModel, Environment, Development]


def camera_panels(rollout: Rollout) -> list[Panel]:
    """What the sheet of cameras shows."""
    plain, usual = camera("front", 0.0, radians(60.0), AHEAD, SIZE), Development()
    heading = rollout.world_from_actor.rotation[0, rollout.ego_index, :, 0]
    ahead = float(np.arctan2(heading[0], heading[1]))  # as on a compass
    low_sun = Environment(sun_elevation_rad=radians(11.0), sun_azimuth_rad=ahead + radians(3.0), cloud_cover=0.0)
    round_lens = replace(
        plain, model="f_theta", fx_px=SIZE[1] / pi / 1.06, fy_px=SIZE[1] / pi / 1.06, max_angle_rad=radians(95.0)
    )
    wide_open = replace(plain, f_number=1.4, focus_m=5.0, pixel_pitch_m=2.9e-4, exposure_s=1e-4)
    return [
        ("by day", plain, DAY, usual),
        ("by night", plain, NIGHT, usual),
        ("towards the sun: stray light, ghosts (made strong)", plain, low_sun, replace(usual, flare=0.08)),
        ("40 ms exposure, turned 50 degrees", turned(replace(plain, exposure_s=0.04)), DAY, usual),
        ("f/1.4, 100 mm, focus at 5 m", wide_open, DAY, usual),
        ("f-theta lens, 190 degrees", round_lens, DAY, usual),
    ]


def turned(model: CameraModel) -> CameraModel:
    """The same camera looking half to the right, where things rush by."""
    return replace(model, ego_from_camera=camera("", radians(-50.0), 1.0, AHEAD, SIZE).ego_from_camera)


def look(
    rollout: Rollout, scene: SceneDescription, traced: TracedScene, step: int, rig: SensorRig,
    environment: Environment, development: Development,
) -> SensorFrames:  # fmt: skip
    """What a rig sees at the moment in other weather and light."""
    lit = replace(scene, environment=environment)
    made = replace(traced, scene=replace(traced.scene, environment=environment))
    start, end = rollout.state_at(step), rollout.state_at(step + 1)
    if environment.sun_elevation_rad < 0:
        burning = np.where(start.lights > 0, start.lights | np.uint8(Light.LOW_BEAM), np.uint8(0)).astype(np.uint8)
        burning[scene.ego_index] |= np.uint8(Light.LOW_BEAM)
        start = replace(start, lights=burning)
    return RaytraceRenderer(made, lit, rig, SEED, development).render(start, end)


def panel(
    rollout: Rollout, scene: SceneDescription, traced: TracedScene, step: int, title: str, model: CameraModel,
    environment: Environment, development: Development,
) -> tuple[str, Image.Image]:  # fmt: skip
    """One picture with its title."""
    seen = look(rollout, scene, traced, step, SensorRig("one", (model,)), environment, development)
    return title, Image.fromarray(seen.frames[0].rgb)


def thermal_picture(seen: SensorFrames) -> Image.Image:
    """White is hot."""
    kelvin = seen.thermal[0].temperature_k
    low = max(float(np.percentile(kelvin, 20)) - 2.0, 255.0)
    share = np.clip((kelvin - low) / (295.15 - low), 0.0, 1.0)
    return Image.fromarray((255.0 * share).astype(np.uint8)).convert("RGB")


def event_picture(stream: EventStream) -> Image.Image:
    """Rises in blue, falls in red, on white."""
    picture = np.full((SIZE[1], SIZE[0], 3), 250, np.uint8)
    for brighter, color in ((True, (30, 80, 220)), (False, (215, 50, 40))):
        mine = stream.brighter == brighter
        picture[stream.row[mine], stream.column[mine]] = color
    return Image.fromarray(picture)


def sheet(panels: list[tuple[str, Image.Image]], path: Path, columns: int = 3) -> None:
    """Panels in rows of three, each with its title in a corner."""
    width, height = SIZE
    rows = -(-len(panels) // columns)
    picture = Image.new("RGB", (columns * width, rows * height))
    for index, (title, each) in enumerate(panels):
        place = (index % columns * width, index // columns * height)
        picture.paste(each, place)
        pen = ImageDraw.Draw(picture)
        end = pen.textlength(title)
        pen.rectangle((place[0], place[1], place[0] + end + 10, place[1] + 15), fill=(0, 0, 0))
        pen.text((place[0] + 5, place[1] + 2), title, fill=(255, 255, 255))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=86)
    print(f"{path}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
