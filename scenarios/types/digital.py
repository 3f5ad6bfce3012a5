"""Layer 6 and what surrounds the drive: radio links, positioning, faults of sensors, the law of the land, demand."""

from collections.abc import Iterable

from driving_data.sensors.kinds import fault_words
from scenarios.leaf import Leaf
from scenarios.types.fields import Field, Given
from scenarios.types.leaf_type import Drawn, LeafType, only_texts
from scenarios.units import DENSITY, FREQUENCY, LENGTH, RATIO, TEXT, TIME

CONNECTIVITY = LeafType(
    "connectivity", 6, "radio links of the ego: to vehicles (v2v), to the infrastructure (v2i)",
    {
        "kind": Field(TEXT, "whom it reaches", "v2v", names=("v2v", "v2i")),
        "medium": Field(TEXT, "what carries it", "wifi", names=("wifi", "cellular", "satellite")),
        "latency": Field(TIME, "from sending to receiving", 0.05, 0.0, 30.0),
        "jitter": Field(TIME, "standard deviation of the latency", 0.0, 0.0, 10.0),
        "loss": Field(RATIO, "share of the messages that are lost", 0.0, 0.0, 1.0),
        "range": Field(LENGTH, "how far it reaches", 300.0, 0.0, 1e5),
        "rate": Field(FREQUENCY, "messages in a second", 10.0, 0.01, 1000.0),
        "format": Field(TEXT, "when vehicles speak: at the rate, or as their motion asks", "bsm", names=("bsm", "cam")),
        "equipped": Field(RATIO, "share of the vehicles with such a radio", 1.0, 0.0, 1.0),
        "equipped_cyclists": Field(RATIO, "share of the cyclists with one", 0.0, 0.0, 1.0),
        "equipped_people": Field(RATIO, "share of the people on foot with one", 0.0, 0.0, 1.0),
        "busy": Field(RATIO, "share of the time that others, not simulated, keep the channel busy", 0.0, 0.0, 1.0),
    },
    several=True,
    played=frozenset({
        "kind", "medium", "latency", "jitter", "loss", "range", "rate", "format", "equipped", "equipped_cyclists",
        "equipped_people", "busy",
    }),
    tags=lambda values: (
        f"{str(values.get('kind', 'v2v')).capitalize()}{str(values.get('medium', 'wifi')).capitalize()}",
        f"v2x:{values.get('kind', 'v2v')}",
    ),
)  # fmt: skip

POSITIONING = LeafType(
    "positioning", 6, "satellite positioning of the ego",
    {
        "system": Field(TEXT, "constellation", "gps", names=("gps", "galileo", "glonass")),
        "accuracy": Field(LENGTH, "standard deviation of the position", 1.0, 0.0, 1000.0),
        "outage_from": Field(TIME, "when it is lost, if it is", None, 0.0, 3600.0),
        "outage": Field(TIME, "for how long", 0.0, 0.0, 3600.0),
        "rate": Field(FREQUENCY, "fixes in a second", 10.0, 0.1, 100.0),
        "latency": Field(TIME, "from the moment of a fix to its arrival", 0.05, 0.0, 5.0),
        "multipath": Field(LENGTH, "standard deviation that buildings all around add", 5.0, 0.0, 1000.0),
    },
    played=frozenset({"accuracy", "outage_from", "outage", "rate", "latency", "multipath"}),
    tags=lambda values: (f"Positioning{str(values.get('system', 'gps')).capitalize()}",),
)  # fmt: skip

_FAULTS = ("dropout", "frozen", "noise", "blur", "dirt", "water_drops", "ice", "glare", "misaligned", "delayed",
           "miscalibrated", "crosstalk", "dead_pixels")  # fmt: skip
FAULTS = tuple(dict.fromkeys((*_FAULTS, *fault_words())))
SENSOR_FAULTS = LeafType(
    "sensor_faults", 6, "what is wrong with a sensor of the ego, and when",
    {
        "sensor": Field(TEXT, "its name in the rig; else all of them"),
        "kind": Field(TEXT, "what is wrong", None, names=FAULTS),
        "from": Field(TIME, "since when", 0.0, 0.0, 3600.0),
        "for": Field(TIME, "for how long; else to the end", None, 0.0, 3600.0),
        "severity": Field(RATIO, "0 none to 1 nothing left", 0.5, 0.0, 1.0),
    },
    played=frozenset({"sensor", "kind", "from", "for", "severity"}), several=True, required=("kind",),
    tags=lambda values: (f"sensor_fault:{values['kind']}",),
)  # fmt: skip

# country (ISO 3166-1 alpha-2): side of driving, unit of the plates
COUNTRIES = {
    **{c: ("right", "km/h") for c in (
        "AR", "AT", "BE", "BR", "CA", "CH", "CL", "CN", "CO", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR",
        "HU", "IL", "IT", "KR", "LT", "LU", "LV", "MX", "NL", "NO", "PL", "PT", "RO", "SA", "SE", "SI", "SK", "TR",
        "TW", "UA", "AE", "VN")},
    **{c: ("left", "km/h") for c in (
        "AU", "CY", "HK", "ID", "IE", "IN", "JP", "KE", "MT", "MY", "NZ", "SG", "TH", "ZA")},
    "GB": ("left", "mph"), "US": ("right", "mph"),
}  # fmt: skip


def driving_side(values: Drawn) -> str:
    """The side of driving that a drawn jurisdiction means."""
    return str(values.get("driving_side") or COUNTRIES[str(values.get("country", "DE"))][0])


def _sides_agree(leaf: Leaf) -> Iterable[str]:
    for field, column in (("driving_side", 0), ("speed_unit", 1)):
        given, countries = only_texts(leaf, field), only_texts(leaf, "country")
        usual = {COUNTRIES[country][column] for country in countries}
        if given and usual and not usual & set(given):
            yield f"{field} is {' or '.join(sorted(usual))} in {', '.join(countries)}, not {' or '.join(given)}"


JURISDICTION = LeafType(
    "jurisdiction", 2, "whose traffic law holds",
    {
        "country": Field(TEXT, "ISO 3166-1 code", "DE", names=tuple(COUNTRIES)),
        "driving_side": Field(TEXT, "else that of the country", None, names=("left", "right")),
        "speed_unit": Field(TEXT, "of the plates; else that of the country", None, names=("km/h", "mph")),
    },
    tags=lambda values: (
        f"TravelDirection{driving_side(values).capitalize()}", f"country:{values.get('country', 'DE')}",
    ),
    objections=_sides_agree,
)  # fmt: skip

_DEMAND_TAGS = (("density", "TrafficAgentDensity"), ("flow", "TrafficFlowRate"), ("volume", "TrafficVolume"))
DEMAND = LeafType(
    "demand", 4, "how much traffic there is on the whole road, where no stream says so",
    {
        "density": Field(DENSITY, "vehicles on a length of road", None, 0.0, 1.0),
        "flow": Field(FREQUENCY, "vehicles that pass in a time", None, 0.0, 10.0),
        "volume": Field(LENGTH, "distance that all vehicles drive together", None, 0.0, 1e9),
    },
    tags=lambda values: tuple(tag for name, tag in _DEMAND_TAGS if name in values),
)  # fmt: skip


def connectivity(name: str, **values: Given) -> Leaf:
    """A radio link, as `connectivity("rsu", kind="v2i", latency="20..80 ms", loss="0..10 %")`."""
    return CONNECTIVITY.make(name, None, **values)


def positioning(**values: Given) -> Leaf:
    """Satellite positioning, as `positioning(system="galileo", accuracy="0.5..3 m")`."""
    return POSITIONING.make("", None, **values)


def sensor_fault(name: str, **values: Given) -> Leaf:
    """A fault of a sensor, as `sensor_fault("dirty", sensor="camera_front", kind="dirt", severity="0.2..0.8")`."""
    return SENSOR_FAULTS.make(name, None, **values)


def jurisdiction(country: Given = "DE", **values: Given) -> Leaf:
    """Whose traffic law holds, as `jurisdiction("GB")`."""
    return JURISDICTION.make("", None, country=country, **values)


def demand(**values: Given) -> Leaf:
    """How much traffic there is, as `demand(density="10..40 1/km")`."""
    return DEMAND.make("", None, **values)
