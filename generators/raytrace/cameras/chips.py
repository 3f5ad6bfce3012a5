"""Image sensors: the numbers by which light becomes electrons and electrons become a raw picture.

| name | stands for | where its numbers come from |
|---|---|---|
| `automotive_3um` | a sensor of a driving camera of the 3 um class | middle of the published ranges for such sensors (PRNU 0.5 to 1 %, DSNU 1 to 5 e-, read noise 1.5 to 5 e-, full well 10 to 30 ke-, 12 bit); black level 168 of 4095 as the pedestal of onsemi's AR0331 |
| `imx174` | Sony IMX174, 5.86 um, global shutter | EMVA 1288 figures of cameras with it: full well 32 691 e-, dark noise 6.83 e-, quantum efficiency 77 % at 525 nm; what EMVA sheets do not say as above |
| `icx625` | Sony ICX625, 3.45 um, CCD | EMVA 1288 figures of Point Grey's GS3-PGE-50S5M: full well 5903 e-, dark noise 8.28 e-, quantum efficiency 57 %; the rest as above |
| `perfect` | no noise at all but that of light | quantum efficiency and full well of `automotive_3um` |

The colour matrices and the responses of red and blue relative to green are those of no special product: typical of
Bayer filters, rows that sum to one.
"""  # noqa: E501

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Row = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class SensorChip:
    """A Bayer (RGGB) image sensor.

    Attributes:
        full_well_e: electrons that a pixel holds.
        read_noise_e: standard deviation of reading one pixel.
        row_noise_e: standard deviation of what a whole row has in common, new in each frame.
        dark_current_e_per_s: electrons that come without light.
        dsnu_e: standard deviation of the dark signal from pixel to pixel, the same in each frame.
        prnu: relative standard deviation of the response to light, the same in each frame.
        quantum_efficiency: electrons per photon in the pass band of green.
        response: of red, green and blue pixels to white light, relative to green.
        color_matrix: linear sRGB from white-balanced camera colours; rows sum to one.
        bits: of the converter.
        black_level: number that stands for no light.
        max_gain: of the amplifier.
    """

    full_well_e: float = 30000.0
    read_noise_e: float = 2.5
    row_noise_e: float = 0.6
    dark_current_e_per_s: float = 20.0
    dsnu_e: float = 1.5
    prnu: float = 0.006
    quantum_efficiency: float = 0.6
    response: Row = (0.62, 1.0, 0.72)
    color_matrix: tuple[Row, Row, Row] = ((1.62, -0.46, -0.16), (-0.22, 1.48, -0.26), (-0.02, -0.52, 1.54))
    bits: int = 12
    black_level: int = 168
    max_gain: float = 32.0

    @property
    def top(self) -> int:
        """The largest number of the converter."""
        return 2**self.bits - 1

    def numbers_per_electron(self, gain: float) -> float:
        """K of the photon transfer curve: at gain 1 a full well is the largest number."""
        return gain * (self.top - self.black_level) / self.full_well_e

    def channels(self) -> Float[np.ndarray, "3 3"]:
        """Response of red, green and blue pixels to linear sRGB, relative to that of green to white."""
        return np.array(self.response)[:, None] * np.linalg.inv(np.array(self.color_matrix))


CHIPS: Mapping[str, SensorChip] = {
    "automotive_3um": SensorChip(),
    "imx174": SensorChip(full_well_e=32691.0, read_noise_e=6.83, quantum_efficiency=0.77),
    "icx625": SensorChip(full_well_e=5903.0, read_noise_e=8.28, quantum_efficiency=0.57),
    "perfect": SensorChip(read_noise_e=0.0, row_noise_e=0.0, dark_current_e_per_s=0.0, dsnu_e=0.0, prnu=0.0),
}
