"""The ray tracer as a `Generator`."""

from dataclasses import dataclass, field

from driving_data.ports import SceneDescription
from driving_data.sensors import SensorRig
from generators.raytrace.build import build_scene
from generators.raytrace.cameras.settings import Development
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.tracer import prepare


@dataclass(frozen=True, slots=True)
class RaytraceGenerator:
    """Cameras and lidars by ray tracing, on the CPU.

    Attributes:
        threads: threads of one render; 0 is one per core. The bytes do not depend on it.
        development: how cameras turn light into pictures, where the scene's appearance does not say.
    """

    threads: int = 0
    development: Development = field(default=Development())

    @property
    def name(self) -> str:
        """'raytrace'."""
        return "raytrace"

    @property
    def version(self) -> str:
        """Changes whenever a byte of a picture may."""
        return "1.0.0"

    def open(self, scene: SceneDescription, rig: SensorRig, seed: int) -> RaytraceRenderer:
        """Builds the scene and its hierarchies."""
        traced = prepare(build_scene(scene, seed))
        return RaytraceRenderer(traced, scene, rig, seed, self.development, self.threads)
