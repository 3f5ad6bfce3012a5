"""The ray tracer as a `Generator`."""

from dataclasses import dataclass, field

from driving_data.errors import nearest_name
from driving_data.ports import SceneDescription
from driving_data.sensors import SensorRig
from generators.raytrace.build import build_scene
from generators.raytrace.cameras.settings import Development
from generators.raytrace.quality import FAST, Quality
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.tracer import prepare

QUALITIES = ("fast", "high")


@dataclass(frozen=True, slots=True)
class RaytraceGenerator:
    """Cameras and lidars by ray tracing, on the CPU.

    Attributes:
        threads: threads of one render; 0 is one per core. The bytes do not depend on it.
        development: how cameras turn light into pictures, where the scene's appearance does not say.
        quality: 'fast', or 'high' for several paths a pixel with soft shadows and light from surface to surface.
        samples: paths of each pixel of high quality.
        bounces: how often a path goes on after its first surface.

    Raises:
        ValueError: there is no such quality, or a number is too small.
    """

    threads: int = 0
    development: Development = field(default=Development())
    quality: str = "fast"
    samples: int = 16
    bounces: int = 2

    def __post_init__(self) -> None:
        if self.quality not in QUALITIES:
            near = nearest_name(self.quality, QUALITIES)
            hint = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"quality {self.quality!r}; expected one of {', '.join(QUALITIES)}{hint}")
        if self.samples < 1 or self.bounces < 0:
            raise ValueError(f"samples {self.samples}, bounces {self.bounces}; expected at least 1 and 0")

    @property
    def name(self) -> str:
        """'raytrace'."""
        return "raytrace"

    @property
    def version(self) -> str:
        """Changes whenever a byte of a picture may."""
        return "1.1.0"

    def open(self, scene: SceneDescription, rig: SensorRig, seed: int) -> RaytraceRenderer:
        """Builds the scene and its hierarchies."""
        quality = FAST if self.quality == "fast" else Quality(self.samples, self.bounces)
        traced = prepare(build_scene(scene, seed))
        return RaytraceRenderer(traced, scene, rig, seed, self.development, self.threads, quality)
