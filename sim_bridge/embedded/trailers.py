"""How trailers hang on what tows them: places of hitch and axle.

Semi-trailer: CommonRoad vehicle models 3.0.2, vehicle 4 (13.6 m long, kingpin 1.6 m behind its front, axle group 8.1 m
behind the kingpin), hitch above the rear axle of its tractor. Others hang on a drawbar of 1 m behind the tow bar, their
axle a twentieth of their length behind the middle of the box (assumed: a tenth of the load rests on the hitch).
"""

from driving_data.taxonomy import ActorClass

SEMI_FROM_M = 9.0
KINGPIN_M, SEMI_AXLE_SHARE = 1.6, 8.1 / 13.6
DRAWBAR_M, BUMPER_M, AXLE_BEHIND = 1.0, 0.2, 0.05
SEMI_FOLD_RAD, DRAWBAR_FOLD_RAD = 1.57, 1.2


def is_semi(tractor: ActorClass, length_m: float) -> bool:
    """Whether a trailer lies on the fifth wheel of its tractor: long ones behind lorries do."""
    return tractor is ActorClass.TRUCK and length_m >= SEMI_FROM_M


def coupling_of(tractor: ActorClass, tractor_m: float, length_m: float) -> tuple[float, float, float, float]:
    """Hitch behind the tractor's centre, axle and centre of the trailer behind the hitch, largest angle."""
    if is_semi(tractor, length_m):
        return 0.3 * tractor_m, SEMI_AXLE_SHARE * length_m, 0.5 * length_m - KINGPIN_M, SEMI_FOLD_RAD
    centre = DRAWBAR_M + 0.5 * length_m
    return 0.5 * tractor_m + BUMPER_M, centre + AXLE_BEHIND * length_m, centre, DRAWBAR_FOLD_RAD
