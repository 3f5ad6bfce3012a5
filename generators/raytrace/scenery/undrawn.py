"""What of a map has no look of its own: told, never dropped in silence."""

from collections import Counter

from driving_data.maps.lane_map import LaneMap
from generators.raytrace.scenery.signs import FACES, PAINTED

# Kinds of objects that `objects`, `planting`, `poles` and `rails` draw as what they are.
OBJECTS = frozenset({
    "tree", "vegetation", "bush", "street_lamp", "lamp_post", "pole", "windsock", "building", "guard_rail", "bollard",
    "barrier", "fence", "wall", "noise_wall", "obstacle", "kerb", "bus_shelter", "gantry",
})  # fmt: skip
LEVEL = frozenset({"crosswalk", "parking_space", "patch", "road_mark"})


def undrawn(lane_map: LaneMap) -> tuple[str, ...]:
    """One line for each kind of object or sign that is shown as a plain box or board, in order of the alphabet."""
    objects = Counter(item.kind for item in lane_map.objects if item.kind not in OBJECTS | LEVEL)
    signs = Counter(sign.kind for sign in lane_map.signs if sign.kind not in FACES | PAINTED)
    told = [f"{count} map objects of the kind {kind!r} are shown as grey boxes of their size" for kind, count in
            sorted(objects.items())]  # fmt: skip
    told += [f"{count} signs of the kind {kind!r} are shown as plain boards" for kind, count in sorted(signs.items())]
    return tuple(told)
