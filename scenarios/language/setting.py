"""The stage: road, weather, light, surface and radio, from the words of the whole text."""

from dataclasses import dataclass, field

from scenarios.language.slots import Range, RoadSlots, V2xSlots
from scenarios.language.tagging import Item
from scenarios.language.tokens import Token

SPECIFIC = ("work_zone", "roundabout", "ramp", "intersection", "tunnel", "bridge", "parking")
GENERAL = ("motorway", "residential", "rural", "urban")
_LEAVING = frozenset(
    {
        "leaving",
        "after",
        "past",
        "beyond",
        "behind",
        "from",
        "out of",
        "exits",
        "leaves",
        "before",
        "away from",
        "toward",
        "towards",
    }
)


@dataclass(slots=True)
class Setting:
    """What the text says of the stage, as it is collected."""

    kinds: list[tuple[str, int, Item]] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    lanes: list[tuple[int, str, int]] = field(default_factory=list)
    signalized: bool | None = None
    weather: list[str] = field(default_factory=list)
    light: str | None = None
    clock: str | None = None
    surface: list[str] = field(default_factory=list)
    highway: bool = False
    street: bool = False
    undivided: bool = False
    divided: bool = False
    one_way: bool = False
    v2x: bool = False
    empty: bool = False
    denied: list[str] = field(default_factory=list)
    latency: Range | None = None
    loss: Range | None = None

    def feature(self, word: str) -> None:
        """Adds a road feature once."""
        if word not in self.features:
            self.features.append(word)

    def weathers(self, *words: str) -> None:
        """Adds weather words, each once."""
        for word in words:
            if word not in self.weather:
                self.weather.append(word)


def _use(item: Item, path: str, result: str) -> None:
    item.use, item.result = path, result


def _after_words(items: list[Item], at: int, count: int = 3) -> list[str]:
    return [item.lemma for item in items[at + 1 : at + 1 + count]]


def _before_words(items: list[Item], at: int, count: int = 3) -> list[str]:
    return [item.lemma for item in items[max(0, at - count) : at]]


def read_setting(
    items: list[Item], tokens: list[Token], skipped: set[int], modifiers: set[int], owned: dict[int, str]
) -> Setting:
    """Collects the stage.

    Args:
        items: of the whole text.
        tokens: of the whole text.
        skipped: identities of items that are denied or corrected away.
        modifiers: identities of nouns that only describe a road user ("city bus").
        owned: identity of a place item -> ego, actor or empty: who uses that ramp or place.
    """
    setting = Setting()
    texts = {token.norm for token in tokens}
    british = bool(
        texts
        & {
            "lorry",
            "lorries",
            "motorway",
            "zebra",
            "kerb",
            "tyre",
            "pavements",
            "carriageway",
            "roundabout",
            "uk",
            "british",
            "hgv",
            "verge",
            "footway",
            "tarmac",
            "junction",
        }
    )
    for at, item in enumerate(items):
        if id(item) in skipped or id(item) in modifiers or item.use == "-":
            continue
        handler = _HANDLERS.get(item.category)
        if handler is not None:
            handler(setting, items, at, item, british, owned)
    _compound_light(setting, items)
    return setting


def _place(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    value = item.value
    before = _before_words(items, at, 4)
    if value == "road":
        return
    if value in ("on_ramp", "off_ramp", "ramp"):
        _ramp(setting, items, at, item, owned)
        return
    if value == "highway":
        setting.highway = True
        _use(item, "road.kind", "motorway or rural")
        return
    penalty = 0
    if before and before[-1] in ("of",) and len(before) > 1 and before[-2] in ("edge", "outskirts"):
        penalty = 0
    if owned.get(id(item)) == "leaving_actor" or (value == "parking" and owned.get(id(item)) == "actor_source"):
        penalty = 2
    near = [word for word in before if word not in ("a", "an", "the")]
    if near and near[-1] in (
        "after",
        "past",
        "beyond",
        "leave",
        "exit",
        "behind",
        "from",
        "out of",
        "before",
        "away from",
        "just past",
        "just beyond",
        "prior to",
    ):
        penalty = max(penalty, 1)
    if item.lemma == "street":
        setting.street = True
        nxt = items[at + 1] if at + 1 < len(items) else None
        if nxt is not None and nxt.category in ("part", "denied"):
            return
    setting.kinds.append((value, penalty, item))
    _use(item, "road.kind", value)
    if item.lemma in ("one way street", "oneway street"):
        setting.feature("one_way")
        setting.one_way = True
    if "one way" in item.lemma:
        setting.one_way = True
    if item.lemma in ("signal junction", "traffic light junction", "signalised crossing of roads"):
        setting.signalized = True
    if item.lemma in ("four way stop", "4 way stop", "all way stop", "three way stop", "two way stop"):
        pass
    if item.lemma == "undivided highway":
        setting.undivided = True
    if item.lemma in ("rural two lane",):
        setting.lanes.append((2, "hyphen", at))


_NOT_YET_THERE = frozenset(
    {"before", "just before", "past", "just past", "ahead of", "just ahead of", "shortly before", "beyond"}
)


def _ramp(setting: Setting, items: list[Item], at: int, item: Item, owned: dict[int, str]) -> None:
    owner = owned.get(id(item), "")
    near = [word for word in _before_words(items, at, 4) if word not in ("a", "an", "the")]
    if near and near[-1] in _NOT_YET_THERE and item.value != "ramp":
        setting.feature(item.value)
        _use(item, "road.features", item.value)
    elif owner == "actor":
        word = item.value
        if word == "ramp":
            behind = " ".join(_before_words(items, at, 8))
            word = (
                "off_ramp"
                if any(w in behind for w in ("exit", "leave", "come off", "pull off", "turn off"))
                else "on_ramp"
            )
        setting.feature(word)
        _use(item, "road.features", word)
    else:
        setting.kinds.append(("ramp", 0, item))
        _use(item, "road.kind", "ramp")


def _feature(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    word = item.value
    behind = _after_words(items, at, 2)
    if word == "curve" and item.lemma == "corner" and behind[:1] == ["of"]:
        return
    if item.lemma == "give way" and item.form == "one" and not any(w in ("sign", "line") for w in behind[:1]):
        return
    if word == "dead_end" or word:
        setting.feature(word)
        _use(item, "road.features", word)
    if word == "crosswalk" and any(name in item.lemma for name in ("pelican", "puffin", "toucan")):
        setting.signalized = True
    if word == "one_way":
        setting.one_way = True
        if "street" in item.lemma:
            setting.kinds.append(("urban", 0, item))
        if "avenue" in item.lemma:
            setting.kinds.append(("urban", 0, item))
    if word == "dead_end" and "street" in item.lemma:
        setting.kinds.append(("urban", 0, item))
    if word == "toll_plaza" and item.lemma == "toll road":
        setting.kinds.append(("motorway", 0, item))


def _weather(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    before, behind = _before_words(items, at, 4), _after_words(items, at, 3)
    behind = behind[: next((k for k, word in enumerate(behind) if word in (".", ",", ";", ":", "and")), 3)]
    if any(
        word in ("after", "yesterday", "last", "previous", "following", "since", "overnight", "forecast", "earlier")
        for word in before
    ):
        return
    if any(
        word
        in (
            "yesterday",
            "earlier",
            "stopped",
            "stop",
            "over",
            "clear",
            "pass",
            "end",
            "gone",
            "ease",
            "lift",
            "last",
            "cease",
        )
        for word in behind[:3]
    ) and any(
        word in ("has", "have", "yesterday", "just", "stop", "stopped", "pass", "clear", "lift", "cease", "end")
        for word in behind
    ):
        return
    if item.lemma == "sun" and any(
        word in ("low", "rise", "rising", "set", "setting", "glare", "evening", "morning", "sinking")
        for word in before + behind
    ):
        return
    words = ("snow", "wind") if item.value == "blizzard" else (item.value,)
    if item.lemma == "freezing rain":
        words = ("rain",)
    if item.value == "rain" and any(
        word in ("heavy", "torrential", "pouring", "driving", "hard", "intense", "strong") for word in before[-2:]
    ):
        words = ("heavy_rain",)
    if item.value == "rain" and any(word in ("heavily", "hard", "heavy", "buckets") for word in behind[:2]):
        words = ("heavy_rain",)
    if item.lemma in ("spray",):
        return
    if item.lemma == "dust" and behind[:1] == ["cloud"]:
        words = ("dust",)
    if item.value == "snow" and behind[:2] == ["cover", "road"]:
        return
    if item.lemma == "snow" and (behind[:2] == ["on", "the"] or any(w in ("on the ground", "lie") for w in behind[:1])):
        setting.surface.append("snowy") if "snowy" not in setting.surface and any(
            items[k].category == "place" for k in range(at, min(at + 4, len(items)))
        ) else None
        if any(items[k].category == "place" for k in range(at, min(at + 4, len(items)))):
            _use(item, "surface", "snowy")
            return
    setting.weathers(*words)
    _use(item, "weather", ", ".join(words))
    if item.lemma.split()[-1] in ("morning", "afternoon"):
        setting.light = setting.light or "day"
    if item.lemma in ("clear night", "clear evening", "clear morning", "clear day", "clear afternoon"):
        setting.light = {
            "night": "night",
            "evening": setting.light,
            "morning": "day",
            "day": "day",
            "afternoon": "day",
        }[item.lemma.split()[1]]
    if item.lemma in ("morning mist", "morning fog"):
        setting.light = setting.light or "day"


def _light(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    before = _before_words(items, at, 3)
    if item.lemma in ("day", "morning", "afternoon", "night") and any(
        word in ("yesterday", "last", "previous", "every", "next", "other", "each") for word in before[-2:]
    ):
        return
    if item.lemma in ("dark",) and at + 1 < len(items) and items[at + 1].category == "actor":
        return
    if setting.light is None or (item.value in ("dawn", "dusk") and setting.light != "night"):
        setting.light = item.value
    if item.lemma == "sunny day":
        setting.weathers("clear")
    _use(item, "light", item.value)


def _compound_light(setting: Setting, items: list[Item]) -> None:
    """A clock time decides over the part of the day."""
    for item in items:
        if item.category == "clock":
            hour = float(item.value)
            if 8 <= hour < 18:
                setting.light = setting.light or "day"
            elif hour >= 21 or hour < 5:
                setting.light = setting.light or "night"
            _use(item, "light", setting.light or "none of the four")


def _surface(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    if item.lemma in ("puddle", "puddles", "spray", "glaze", "frost", "flooding", "grit"):
        return
    if item.value not in setting.surface:
        setting.surface.append(item.value)
    _use(item, "surface", item.value)
    if "pavement" in item.lemma and british:
        setting.surface.remove(item.value)
    if "country road" in item.lemma:
        setting.kinds.append(("rural", 0, item))


def _adjective(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    kind, _, value = item.value.partition(":")
    behind = items[at + 1] if at + 1 < len(items) else None
    head = next((later for later in items[at + 1 : at + 6] if later.is_noun), None)
    predicate = behind is None or not (behind.is_noun or behind.category in ("adj", "lanes", "num", "qty"))
    if item.value == "undivided":
        setting.undivided = True
        _use(item, "road", "undivided")
    elif item.value == "divided":
        setting.divided = True
        _use(item, "road", "divided")
    elif item.value == "signalized":
        setting.signalized = True
        _use(item, "road.signalized", "true")
    elif item.value == "unsignalized":
        setting.signalized = False
        _use(item, "road.signalized", "false")
    elif kind == "surface":
        if behind is not None and behind.category == "word":
            return
        if not predicate and head is not None and head.category in ("actor", "debris", "ego"):
            return
        if predicate and (not _speaks_of_road(items, at) or _denied_here(items, at) or _of_footway(items, at, british)):
            return
        if value not in setting.surface:
            setting.surface.append(value)
        _use(item, "surface", value)
    elif kind == "weather":
        if item.lemma in ("clear", "dull", "stormy") and predicate and not _speaks_of_weather(items, at):
            return
        if (
            head is not None
            and not predicate
            and head.category in ("lane", "actor", "place", "measure", "part")
            and item.lemma in ("clear", "dusty", "dull")
        ):
            return
        if (
            item.lemma == "snowy"
            and head is not None
            and not predicate
            and head.category in ("place", "feature")
            and (head.value == "road" or _ROADS & set(head.lemma.split()))
        ) or (item.lemma == "snowy" and predicate and _road_is(items, at)):
            setting.surface.append("snowy") if "snowy" not in setting.surface else None
            _use(item, "surface", "snowy")
            return
        window = _after_words(items, at, 2)
        if _denied_here(items, at):
            word = {"rain": "no rain", "heavy_rain": "no rain", "fog": "no fog", "snow": "no snow"}.get(value, "")
            setting.denied += [word] if word else []
            return
        if value == "rain" and any(word in ("heavily", "hard") for word in window):
            value = "heavy_rain"
        if any(word in ("stop", "stopped", "yesterday", "earlier") for word in window + _before_words(items, at, 2)):
            return
        setting.weathers(value)
        _use(item, "weather", value)
    elif kind == "light":
        if head is not None and not predicate and head.category == "actor":
            return
        if (
            head is not None
            and not predicate
            and head.category == "place"
            and item.lemma == "dark"
            and head.value == "tunnel"
        ):
            return
        setting.light = setting.light or value
        _use(item, "light", value)
    elif kind == "place":
        if head is not None and not predicate and head.category in ("actor", "ego"):
            return
        setting.kinds.append((value, 0, item))
        _use(item, "road.kind", value)
    elif kind == "feature":
        if value in ("curve", "hill") and head is not None and head.category == "actor":
            return
        if value == "hill" and item.lemma == "steep" and head is not None and head.category not in ("place", "feature"):
            return
        setting.feature(value)
        setting.one_way = setting.one_way or value == "one_way"
        _use(item, "road.features", value)
    elif item.value == "empty" and head is not None and head.category == "place" and not predicate:
        setting.empty = True
        _use(item, "negations", "no other vehicles")
    elif item.value in ("lane_count_dual",):
        setting.lanes.append((2, "hyphen", at))


_ROADS = frozenset({
    "road", "street", "motorway", "highway", "freeway", "lane", "expressway", "autobahn", "interstate", "bridge",
    "avenue", "boulevard", "ramp", "roundabout", "junction", "intersection", "carriageway", "bend", "curve", "hill",
    "viaduct", "overpass", "flyover", "crossroads", "track", "slip", "driveway", "slope", "crossing", "crosswalk",
})  # fmt: skip
_ROADISH = frozenset({"place", "lane", "surface", "denied", "feature"})


def _speaks_of_road(items: list[Item], at: int) -> bool:
    """Whether the subject of a predicate adjective is the road; a free-standing one is."""
    seen_verb = False
    for earlier in reversed(items[max(0, at - 7) : at]):
        if earlier.category == "punct" and earlier.value in ".;:":
            break
        if earlier.category in ("aux", "verb"):
            seen_verb = True
        if earlier.is_noun:
            return earlier.category in _ROADISH or (not seen_verb and earlier.category not in ("actor", "ego"))
        if earlier.category == "pron":
            return earlier.value == "it"
    return True


def _road_is(items: list[Item], at: int) -> bool:
    """`the carriageway is snowy`: the noun before the copula is the road."""
    before = items[at - 2] if at > 1 and items[at - 1].category == "aux" else None
    return before is not None and before.category == "place" and before.value == "road"


def _of_footway(items: list[Item], at: int, british: bool) -> bool:
    """`the pavement is icy` in a British text: the footway."""
    for earlier in reversed(items[max(0, at - 8) : at]):
        if earlier.category == "punct":
            return False
        if earlier.is_noun:
            return earlier.value == "sidewalk" or (earlier.value == "pavement" and british)
    return False


def _speaks_of_weather(items: list[Item], at: int) -> bool:
    for earlier in reversed(items[max(0, at - 5) : at]):
        if earlier.category == "punct":
            break
        if earlier.lemma in ("sky", "skies", "air", "evening sky", "weather", "it"):
            return True
        if earlier.is_noun:
            return earlier.category in ("weather", "light", "start")
        if earlier.category in ("verb",):
            return False
    nxt = items[at + 1] if at + 1 < len(items) else None
    return nxt is None or nxt.category in ("punct", "conj")


def _signal(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    if setting.signalized is None:
        setting.signalized = True
    _use(item, "road.signalized", "true")


def _lanes(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    behind = _after_words(items, at, 2)
    if item.form == "count" and any(
        word
        in (
            "be",
            "close",
            "closed",
            "is",
            "are",
            "block",
            "to the left",
            "left",
            "to the right",
            "blocked",
            "away",
            "over",
        )
        for word in behind[:1]
    ):
        return
    blocked = {"block", "close", "occupy", "take up", "across", "straddle", "over", "fill", "obstruct", "both"}
    if item.form == "count" and blocked & set(_before_words(items, at, 1)):
        return
    setting.lanes.append((int(float(item.value)), item.form, at))
    _use(item, "road.lanes_per_direction", item.value)


def _radio(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    if item.value == "link" or (
        item.value == "message"
        and any(w in item.lemma for w in ("v2", "cam", "denm", "bsm", "spat", "awareness", "decentral", "cpm", "map"))
    ):
        setting.v2x = True
    if setting.v2x:
        _use(item, "v2x", "present")


_NOT = frozenset({"not", "neither", "nor", "never", "is not", "was not", "are not", "has not", "does not", "no longer",
"isnt", "wasnt", "without"})  # fmt: skip


def _denied_here(items: list[Item], at: int) -> bool:
    """`it is neither raining nor snowing`, `not foggy`."""
    return any(item.lemma in _NOT for item in items[max(0, at - 2) : at])


def _verb(setting: Setting, items: list[Item], at: int, item: Item, british: bool, owned: dict[int, str]) -> None:
    if item.value == "rain":
        if any(word in ("stop", "stopped") for word in _before_words(items, at, 3)):
            return
        if _denied_here(items, at):
            setting.denied.append("no rain")
            return
        hard = any(
            word in ("heavily", "hard", "very", "heavy") for word in _after_words(items, at, 2)
        ) or item.lemma not in ("rain", "drizzle", "spit", "shower")
        setting.weathers("heavy_rain" if hard else "rain")
        _use(item, "weather", "rain")
    elif item.value == "snow" and _denied_here(items, at):
        setting.denied.append("no snow")
    elif item.value == "snow":
        setting.weathers("snow")
        _use(item, "weather", "snow")


_HANDLERS = {
    "place": _place, "feature": _feature, "weather": _weather, "light": _light, "surface": _surface, "adj": _adjective,
    "signal": _signal, "lanes": _lanes, "radio": _radio, "verb": _verb,
}  # fmt: skip


def road_of(setting: Setting, items: list[Item], oncoming: bool) -> RoadSlots:
    """Kind, lanes, signals and features by the contract's rules of precedence."""
    kind = _kind(setting, oncoming)
    features = [word for word in setting.features if kind != "ramp" or word not in ("on_ramp", "off_ramp")]
    return RoadSlots(kind, _lane_count(setting, items, kind, oncoming), setting.signalized, tuple(features))


def _kind(setting: Setting, oncoming: bool) -> str | None:
    specific = [(penalty, index, value) for index, (value, penalty, _) in enumerate(setting.kinds) if value in SPECIFIC]
    if specific:
        least = min(penalty for penalty, _, _ in specific)
        best = [value for penalty, _, value in specific if penalty == least]
        general = [value for value, penalty, _ in setting.kinds if value in GENERAL and penalty == 0]
        if least < 2 or not (general or setting.highway):
            return min(best, key=SPECIFIC.index) if least < 2 else _general(setting, oncoming)
    return _general(setting, oncoming)


def _general(setting: Setting, oncoming: bool) -> str | None:
    general = [value for value, _, _ in setting.kinds if value in GENERAL]
    if setting.highway and not general:
        return "rural" if oncoming or setting.undivided else "motorway"
    if not general:
        return None
    for value in ("motorway", "residential", "rural", "urban"):
        if value in general:
            return value
    return general[0]


def _lane_count(setting: Setting, items: list[Item], kind: str | None, oncoming: bool) -> int | None:
    for count, form, at in setting.lanes:
        if form == "each":
            return count
        general = _general(setting, oncoming)
        head = next((item for item in items[at + 1 : at + 7] if item.category in ("place", "feature", "surface")), None)
        if form == "count" or head is None:
            head = (
                next((item for item in reversed(items[max(0, at - 6) : at]) if item.category == "place"), None)
                if form == "count"
                else head
            )
        value = head.value if head is not None else ""
        if value == "highway":
            return max(1, count // 2) if general == "rural" else count
        whole = (
            value in ("motorway", "roundabout", "ramp", "on_ramp", "off_ramp", "one_way")
            or setting.one_way
            or setting.divided
        )
        if form == "count" and value not in ("road", "urban", "rural", "residential"):
            whole = True
        if value in ("tunnel", "bridge", "work_zone") and (general == "motorway"):
            whole = True
        if value == "road" and general == "motorway":
            whole = True
        if whole or count % 2:
            return count
        return max(1, count // 2)
    return None


def v2x_of(setting: Setting, items: list[Item], denied: bool) -> V2xSlots | None:
    """The radio link with what is said of delay and loss."""
    if not setting.v2x or denied:
        return None
    latency = loss = None
    for at, item in enumerate(items):
        quantity = item.qty
        if quantity is None:
            continue
        near = [other.value for other in items[max(0, at - 6) : at + 5] if other.category == "measure"]
        words = {other.lemma for other in items[max(0, at - 6) : at + 8]}
        if (
            quantity.kind == "time"
            and latency is None
            and (
                "latency" in near
                or (
                    words & {"delay", "late", "delayed", "lag", "arrive", "old", "stale", "outdated", "behind"}
                    and quantity.value[1] is not None
                    and quantity.value[1] < 3
                )
            )
        ):
            latency = tuple(None if end is None else end * 1000 for end in quantity.value)
            item.use, item.result = "v2x.latency_ms", str(latency)
        if quantity.kind == "share" and loss is None:
            low, high = quantity.value
            if any(
                w in words for w in ("get through", "delivered", "received", "arrive", "reliability", "delivery")
            ) and not words & {"lose", "loss", "drop", "fail"}:
                low, high = (
                    (None if quantity.value[1] is None else 1 - quantity.value[1]),
                    (None if quantity.value[0] is None else 1 - quantity.value[0]),
                )
            loss = (low, high)
            item.use, item.result = "v2x.loss", str(loss)
    return V2xSlots(latency, loss)  # type: ignore[arg-type]
