"""Layer 3: what is there for a while: work zones with their phases, portable signals."""

from collections.abc import Iterable, Mapping, Sequence

from driving_data.taxonomy import SignalState
from scenarios.leaf import Leaf
from scenarios.types.fields import Field, Given
from scenarios.types.leaf_type import Drawn, LeafType, Row
from scenarios.types.scenery import ALONG, MARKING_STATES
from scenarios.units import COUNT, FLAG, LENGTH, SPEED, TEXT, TIME

_KINDS = {"road_works": "TemporaryStructureRoadWorks", "detour": "TemporaryStructureConstructionDetour",
          "refuse_collection": "TemporaryStructureRefuseCollection", "lane_closure": "TemporaryStructureRoadWorks",
          "road_signage": "TemporaryStructureRoadSignage"}  # fmt: skip
ACTIVITIES = ("setting_up", "closed", "one_way_alternating", "working", "moving", "paused", "taking_down", "open")
DEVICES = ("cones", "barrels", "barriers", "beacons", "guide_panels", "crash_cushion", "arrow_board", "none")
GESTURES = ("none", "stop", "slow", "go", "point_left", "point_right")


def _work_zone_tags(values: Drawn) -> Iterable[str]:
    kind = str(values.get("kind", "road_works"))
    yield _KINDS[kind]
    if values.get("markings") == "temporary":
        yield "EdgeTemporaryLineMarkers"
    if values.get("signed", True):
        yield "WarningSignsUniformTemporary"
        yield "TemporaryStructureRoadSignage"
    yield f"work_zone:{kind}"
    phases = sorted({str(value) for path, value in values.items() if path.endswith("].activity")})
    yield from (f"work_phase:{activity}" for activity in phases)


WORK_ZONES = LeafType(
    "work_zones", 3, "road works, closed lanes and detours, phase by phase",
    {
        "kind": Field(TEXT, "what it is", "road_works", names=tuple(_KINDS)),
        "closed_lane": Field(COUNT, "lane that is closed, 1 is rightmost; 0 for none", 1, 0, 8),
        "devices": Field(TEXT, "what closes it off", "cones", names=DEVICES),
        "spacing": Field(LENGTH, "from device to device", 6.0, 0.5, 100.0),
        "taper": Field(LENGTH, "length over which the lane narrows", 30.0, 0.0, 1000.0),
        "speed_limit": Field(SPEED, "limit inside", None, 0.0, 60.0),
        "markings": Field(TEXT, "state of the lane markings inside", "clear", names=MARKING_STATES),
        "signed": Field(FLAG, "temporary signs announce it", True),
        "flaggers": Field(COUNT, "people who guide the traffic by hand", 0, 0, 10),
        "workers": Field(COUNT, "people at work", 0, 0, 50),
        **ALONG,
    },
    several=True,
    rows={"phases": {
        "activity": Field(TEXT, "what goes on", "working", names=ACTIVITIES),
        "duration": Field(TIME, "for how long", None, 0.1, 86400.0),
        "closed_lane": Field(COUNT, "lane that is closed meanwhile", None, 0, 8),
        "gesture": Field(TEXT, "what the flagger shows", "none", names=GESTURES),
        "speed": Field(SPEED, "of a zone that moves along", 0.0, 0.0, 20.0),
    }},
    presets={"lane_closure": {"kind": "lane_closure"}, "detour": {"kind": "detour", "closed_lane": 0},
             "refuse_collection": {"kind": "refuse_collection", "devices": "none", "signed": False}},
    tags=_work_zone_tags,
    # Where `from` and `to` say where it stands: `devices` sets it out as it is in its first phase.
    played=frozenset({"closed_lane", "devices", "spacing", "taper", "flaggers", "workers", "on", "from", "to"}),
)  # fmt: skip

STATES = tuple(state.name.lower() for state in SignalState if state is not SignalState.UNKNOWN)


def _lamp_order(leaf: Leaf) -> Iterable[str]:
    if not any(name.startswith("phases[") for name, _ in leaf.values):
        yield "a signal has phases, as phases: [{state: green, duration: 20 s}, {state: red, duration: 20 s}]"


TEMPORARY_SIGNALS = LeafType(
    "temporary_signals", 3, "portable traffic lights that open a stretch to one direction at a time",
    {
        "on": Field(TEXT, "route"),
        "at": Field(LENGTH, "where its stop line is", None, -1e5, 1e5),
        "offset": Field(TIME, "how far into the cycle time zero is", 0.0, 0.0, 3600.0),
        "visible": Field(FLAG, "whether the ego can see it; else it hangs on V2X alone", True),
    },
    several=True,
    rows={"phases": {
        "state": Field(TEXT, "what it shows", None, names=STATES),
        "duration": Field(TIME, "for how long", None, 0.1, 3600.0),
    }},
    tags=lambda values: ("RegulatorySignsVariableTemporary", "temporary_signal:yes"),
    objections=_lamp_order,
)  # fmt: skip


FAILURES = ("dark", "flashing", "stuck", "conflicting")
SIGNAL_FAILURES = LeafType(
    "signal_failures", 3, "traffic lights that fail",
    {
        "kind": Field(TEXT, "dark, flashing yellow, stuck at what they show, or green whatever the others show", "dark",
                      names=FAILURES),
        "signal": Field(TEXT, "id of the light, or its beginning; else all of them"),
        "from": Field(TIME, "since when", 0.0, 0.0, 3600.0),
        "for": Field(TIME, "for how long; else to the end", None, 0.1, 3600.0),
    },
    several=True, tags=lambda values: (f"signal_failure:{values.get('kind', 'dark')}",),
    played=frozenset({"kind", "signal", "from", "for"}),
)  # fmt: skip


def signal_failure(name: str, **values: Given) -> Leaf:
    """Lights that fail, as `signal_failure("storm", kind="dark", from_="3..8 s")`."""
    return SIGNAL_FAILURES.make(name, None, **values)


def work_zone(
    name: str, preset: str | None = None, phases: Sequence[Row] = (), **values: Given
) -> Leaf:  # fmt: skip
    """A work zone, as `work_zone("site", phases=[{"activity": "closed", "duration": "60 s"}], on="main.1")`."""
    return WORK_ZONES.make(name, preset, {"phases": phases}, **values)


def temporary_signal(name: str, phases: Sequence[Mapping[str, Given]], **values: Given) -> Leaf:
    """A portable traffic light, as `temporary_signal("a", [{"state": "red", "duration": "20 s"}], on="main.1")`."""
    return TEMPORARY_SIGNALS.make(name, None, {"phases": phases}, **values)
