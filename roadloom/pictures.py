"""Pictures of one scenario: what happens, from above, and what the cameras see."""

from pathlib import Path

from PIL import Image

from closed_loop.report.film import film_strip
from closed_loop.report.pictures import frame_pictures, lidar_picture
from roadloom.pipeline.recipes import Recipe
from roadloom.settings import Choice
from scenarios.concrete import ConcreteScenario


def show_scenario(scenario: ConcreteScenario, policy: str, folder: Path, max_frames: int = 3) -> list[Path]:
    """Plays and renders a scenario and writes PNG files into `folder`; returns their paths."""
    recipe = Recipe(scenario, policy, Choice("embedded"), Choice("raytrace"), Choice("standard"), max_frames)
    segment = recipe.make()
    folder.mkdir(parents=True, exist_ok=True)
    pixels = {f"{scenario.name}_above": film_strip(segment.rollout)}
    for number, frame in enumerate(segment.frames):
        for picture in frame_pictures(frame):
            pixels[f"{scenario.name}_{frame.camera}_{number}_{picture.kind}"] = picture.pixels
    for number, sweep in enumerate(segment.sweeps):
        pixels[f"{scenario.name}_{sweep.lidar}_{number}"] = lidar_picture(sweep)
    paths: list[Path] = []
    for name, array in pixels.items():
        paths.append(folder / f"{name}.png")
        Image.fromarray(array).save(paths[-1])
    return paths
