"""Where each word that a description may use lives: a leaf and its preset, an action, a road."""

from collections.abc import Mapping

Home = tuple[str, str]

# Manoeuvre of an actor: action of `types.manoeuvres.ACTIONS`.
ACTIONS_OF: Mapping[str, str] = {
    "cut_in": "cut_in", "cut_out": "cut_out", "brake": "brake", "stop": "stop", "accelerate": "accelerate",
    "cross": "cross", "run_red_light": "run_red", "turn_left": "turn_left", "turn_right": "turn_right",
    "lane_change_left": "lane_change_left", "lane_change_right": "lane_change_right", "overtake": "overtake",
    "merge": "merge", "reverse": "reverse", "open_door": "open_door", "swerve": "swerve", "follow": "follow",
    "drive_slowly": "drive_slowly", "stand_still": "stand_still", "drop_cargo": "drop_cargo", "signal": "signal",
    "u_turn": "u_turn",
}  # fmt: skip

# Feature of a road: kind of leaf and its preset; of 'road' the parameter that makes it.
LEAVES_OF: Mapping[str, Home] = {
    "crosswalk": ("structures", "crosswalk"), "school_zone": ("zones", "school_zone"),
    "bus_stop": ("structures", "bus_stop"), "lane_closure": ("work_zones", "lane_closure"),
    "curve": ("road", "curvature"), "hill": ("road", "grade"), "rail_crossing": ("structures", "rail_crossing"),
    "stop_sign": ("signs", "stop_sign"), "give_way_sign": ("signs", "give_way_sign"),
    "speed_bump": ("structures", "speed_bump"), "bike_lane": ("lane_uses", "bike_lane"),
    "bus_lane": ("lane_uses", "bus_lane"), "tram_tracks": ("lane_uses", "tram_tracks"),
    "one_way": ("signs", "one_way"), "dead_end": ("signs", "dead_end"), "lane_drop": ("lane_uses", "lane_drop"),
    "on_ramp": ("lane_uses", "on_ramp"), "off_ramp": ("lane_uses", "off_ramp"),
    "toll_plaza": ("structures", "toll_plaza"), "driveway": ("structures", "driveway"),
    "pothole": ("surface", "pothole"), "wet": ("surface", "wet"), "icy": ("surface", "icy"),
    "snowy": ("surface", "snowy"), "gravel": ("surface", "gravel"), "tunnel": ("structures", "tunnel"),
    "bridge": ("structures", "bridge"),
}  # fmt: skip

# Kind of road: archetype that is nearest; a tunnel or a bridge is a structure on it besides.
ROADS_OF: Mapping[str, str] = {
    "motorway": "motorway", "rural": "rural", "urban": "urban", "residential": "residential",
    "intersection": "crossroads", "roundabout": "roundabout", "ramp": "ramp", "tunnel": "motorway", "bridge": "rural",
    "parking": "parking", "work_zone": "work_zone",
}  # fmt: skip
