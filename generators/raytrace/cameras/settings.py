"""How a camera turns light into a picture: every number of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from generators.raytrace.cameras.chips import SensorChip
from generators.raytrace.cameras.exposure import Control

_CHIP_DRAWS = ("full_well_e", "read_noise_e")


@dataclass(frozen=True, slots=True)
class Development:
    """How a camera turns light into a picture.

    Attributes:
        exposure_ev: added to the automatic exposure, in stops.
        white_balance_r: error of the gain of red.
        white_balance_b: error of the gain of blue.
        noise: factor on the noise; 0 for none.
        vignette: how much of the darkening of the corners is left.
        bloom: share of light that the lens spreads.
        flare: strength of ghosts of very bright spots; 0 for none.
        blur_px: standard deviation of the lens blur.
        low_pass: how far the filter before the sensor spreads each point, to keep false colours away: share of light
            that goes to either side, 0 to 0.25.
        denoise: how far the processor evens out grain where it is strong; 0 leaves it.
        sharpen: strength of the unsharp mask; 0 for none.
        local_tone: how far shadows are opened and lights held back, 0 (one curve for all) to 1 (evenly grey).
        jpeg_quality: 1 to 100: the picture after a JPEG of that quality; 0 for none.
        keep_raw: whether frames keep the raw numbers.
        max_subframes: at most so many moments make a picture with motion blur.
        lens_samples: points of the aperture that make a picture with depth of field.
        chip: the image sensor.
        control: the exposure control.
    """

    exposure_ev: float = 0.0
    white_balance_r: float = 1.0
    white_balance_b: float = 1.0
    noise: float = 1.0
    vignette: float = 0.12
    bloom: float = 0.05
    flare: float = 0.002
    blur_px: float = 0.0
    low_pass: float = 0.14
    denoise: float = 0.6
    sharpen: float = 0.5
    local_tone: float = 0.0
    jpeg_quality: int = 0
    keep_raw: bool = False
    max_subframes: int = 24
    lens_samples: int = 24
    chip: SensorChip = field(default=SensorChip())
    control: Control = field(default=Control())

    def drawn(self, appearance: Mapping[str, Any]) -> "Development":
        """The same with the draws `camera.<name>` of a scene's appearance: own numbers, the chip's and the key."""
        own = [each.name for each in fields(self) if isinstance(getattr(self, each.name), float)]
        values = {name: float(appearance[f"camera.{name}"]) for name in own if f"camera.{name}" in appearance}
        chip = {name: float(appearance[f"camera.{name}"]) for name in _CHIP_DRAWS if f"camera.{name}" in appearance}
        key = float(appearance.get("camera.key", self.control.key))
        return replace(
            self, **values, chip=replace(self.chip, **chip), control=replace(self.control, key=key)
        )  # fmt: skip
