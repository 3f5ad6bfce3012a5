"""Parameter sets of the trailer that a dynamic ego feels.

A scenario gives a trailer its size; mass and inertia follow from its length and from what tows it. Where no source has
a number the set says `assumed`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import ActorClass
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.trailers import is_semi
from sim_bridge.embedded.vehicles import AIR_KGPM3

_SEMI = (
    "CommonRoad vehicle models 3.0.2, vehicle 4, for the kingpin and the axles; 1,500 kg per metre (half laden), "
    "radius of gyration 0.3 of the length, centre of gravity at 1.6 m, tyre slope 7 per rad of load: assumed within "
    "Fancher et al., UMTRI-86-12 (1986); 7.0 m/s^2 and anti-lock brakes: UN R13"
)
_DRAWBAR = "assumed: centre-axle trailer of 900 kg per metre behind lorries and buses; otherwise as a semi-trailer"
_CARAVAN = (
    "assumed within Darling, Tilley, Gao, Proc. IMechE D 223 (2009): caravan of 200 kg per metre, radius of gyration "
    "0.25 of its length, a twelfth of the weight on the coupling; overrun brakes of 5.0 m/s^2 (UN R13), which "
    "lock"
)


@dataclass(frozen=True, slots=True)
class Trailer:
    """A trailer with one axle (an axle group counts as one) on its hitch.

    Attributes:
        source: where the numbers come from.
        mass_kg: laden as it drives.
        yaw_inertia_kgm2: about the vertical through its centre of gravity.
        centre_m: from the hitch back to its centre of gravity.
        axle_m: from the hitch back to its axle.
        height_m: of its centre of gravity.
        hitch_height_m: of the coupling.
        cornering_1prad: cornering stiffness of its axle over the load.
        rolling: rolling resistance coefficient.
        drag_area_m2: drag coefficient times frontal area beside that of what tows it.
        max_brake_mps2: what its brakes do at most, over its mass.
        antilock: whether its wheels lock.
    """

    source: str
    mass_kg: float
    yaw_inertia_kgm2: float
    centre_m: float
    axle_m: float
    height_m: float
    hitch_height_m: float
    cornering_1prad: float
    rolling: float
    drag_area_m2: float
    max_brake_mps2: float
    antilock: bool

    def row(self, hitch_m: float, fold_rad: float, index: int) -> Float[np.ndarray, "columns"]:
        """The numbers as the kernels want them (`layout.T_*`).

        `hitch_m`: from the centre of gravity of the tractor back to the hitch; `fold_rad`: largest angle there;
        `index`: which actor the trailer is.
        """
        row = np.zeros(at.TRAILER_COLUMNS)
        row[at.T_MASS], row[at.T_INERTIA] = self.mass_kg, self.yaw_inertia_kgm2
        row[at.T_CENTRE], row[at.T_AXLE], row[at.T_HITCH] = self.centre_m, self.axle_m, hitch_m
        row[at.T_HEIGHT], row[at.T_HITCH_HEIGHT] = self.height_m, self.hitch_height_m
        row[at.T_CORNER], row[at.T_ROLLING] = self.cornering_1prad, self.rolling
        row[at.T_DRAG], row[at.T_BRAKES] = 0.5 * AIR_KGPM3 * self.drag_area_m2, self.max_brake_mps2
        row[at.T_ANTILOCK], row[at.T_FOLD], row[at.T_INDEX] = float(self.antilock), fold_rad, index
        return row


def usual_trailer(tractor: ActorClass, length_m: float, axle_m: float) -> Trailer:
    """The set of a trailer of that length whose axle is `axle_m` behind its hitch."""
    if is_semi(tractor, length_m):
        mass = 1500.0 * length_m
        return Trailer(_SEMI, mass, mass * (0.3 * length_m) ** 2, 0.68 * axle_m, axle_m, 1.6, 1.15, 7.0, 0.006, 1.0,
                       7.0, True)  # fmt: skip
    if tractor in (ActorClass.TRUCK, ActorClass.BUS, ActorClass.CONSTRUCTION_VEHICLE):
        mass = 900.0 * length_m
        return Trailer(_DRAWBAR, mass, mass * (0.3 * length_m) ** 2, 0.93 * axle_m, axle_m, 1.4, 0.6, 7.0, 0.006, 1.0,
                       7.0, True)  # fmt: skip
    mass = 200.0 * length_m
    return Trailer(_CARAVAN, mass, mass * (0.25 * length_m) ** 2, (1.0 - 1.0 / 12.0) * axle_m, axle_m, 0.7, 0.42, 15.0,
                   0.013, 1.3, 5.0, False)  # fmt: skip
