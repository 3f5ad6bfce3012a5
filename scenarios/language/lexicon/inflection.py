"""English inflection by rule, with the irregular forms that descriptions of traffic use."""

IRREGULAR_VERBS = {
    line.split()[0]: (line.split()[1], line.split()[2])
    for line in """
    be was been|become became become|begin began begun|bend bent bent|bind bound bound|blow blew blown
    break broke broken|bring brought brought|catch caught caught|choose chose chosen|come came come|cost cost cost
    creep crept crept|cut cut cut|do did done|draw drew drawn|drive drove driven|fall fell fallen|feed fed fed
    feel felt felt|fight fought fought|find found found|flee fled fled|fling flung flung|fly flew flown
    forget forgot forgotten|forbid forbade forbidden|get got got|give gave given|go went gone|grow grew grown
    hang hung hung|have had had|hear heard heard|hide hid hidden|hit hit hit|hold held held|keep kept kept
    know knew known|lay laid laid|lead led led|leap leapt leapt|leave left left|lend lent lent|let let let|lie lay lain
    lose lost lost|make made made|mean meant meant|meet met met|overtake overtook overtaken|pay paid paid|put put put
    quit quit quit|read read read|ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said|see saw seen
    send sent sent|set set set|shed shed shed|shut shut shut|sit sat sat|slide slid slid|speed sped sped
    spill spilt spilt|spin spun spun|split split split|spread spread spread|spring sprang sprung|stand stood stood
    steal stole stolen|stick stuck stuck|strike struck struck|sweep swept swept|swing swung swung|take took taken
    tell told told|think thought thought|throw threw thrown|undertake undertook undertaken|wake woke woken
    wear wore worn|weave wove woven|wind wound wound|write wrote written|burst burst burst
    show showed shown|sell sold sold|buy bought bought|override overrode overridden
    understand understood understood|overrun overran overrun|tread trod trodden|dive dived dived|light lit lit
    """.replace("\n", "|").split("|")
    if line.strip()
}
IRREGULAR_PLURALS = {
    "child": "children", "person": "people", "man": "men", "woman": "women", "foot": "feet", "deer": "deer",
    "sheep": "sheep", "moose": "moose", "goose": "geese", "fish": "fish", "ox": "oxen", "calf": "calves",
    "horse": "horses", "elk": "elk", "reindeer": "reindeer", "bison": "bison", "wolf": "wolves", "bus": "buses",
    "cattle": "cattle", "people": "people", "livestock": "livestock", "roadworks": "roadworks", "works": "works",
    "wildlife": "wildlife", "leaf": "leaves", "half": "halves", "wildfowl": "wildfowl", "mouse": "mice",
    "passer by": "passers by", "passerby": "passersby", "policeman": "policemen", "postman": "postmen",
    "workman": "workmen", "schoolchild": "schoolchildren", "box": "boxes", "debris": "debris", "traffic": "traffic",
    "swine": "swine", "doe": "doe",
}  # fmt: skip
_DOUBLING = frozenset(
    [
        "stop",
        "cut",
        "drop",
        "jog",
        "hop",
        "skip",
        "step",
        "slip",
        "trip",
        "run",
        "sit",
        "get",
        "put",
        "set",
        "swim",
        "pat",
        "pin",
        "tap",
        "tip",
        "wag",
        "drag",
        "hit",
        "shut",
        "quit",
        "let",
        "begin",
        "forbid",
        "plan",
        "tug",
        "nip",
        "zip",
        "dip",
        "grab",
        "slam",
        "jam",
        "ram",
        "fit",
        "chat",
        "spin",
        "slot",
        "plod",
        "trot",
        "strip",
        "stir",
        "wrap",
        "bar",
        "shed",
        "pot",
        "dot",
        "scud",
        "squat",
        "rev",
        "blip",
        "scan",
        "beg",
        "lag",
        "wed",
        "chug",
        "clip",
        "flip",
        "jut",
        "omit",
        "commit",
        "control",
        "travel",
        "signal",
        "pedal",
        "cancel",
        "shovel",
        "tunnel",
        "wet",
        "nod",
        "skid",
        "scrub",
        "swap",
        "bob",
        "mob",
        "rig",
        "whip",
        "pop",
        "cop",
    ]
)
_SIBILANT = ("s", "x", "z", "ch", "sh")
_BOTH_SPELLINGS = frozenset({"travel", "signal", "pedal", "cancel", "shovel", "tunnel", "level", "label", "model"})


_INFLECTED_LAST = frozenset({
    "lane split", "double park", "parallel park", "reverse park", "self park", "criss cross", "zig zag", "jack knife",
    "rear end", "side swipe", "t bone", "brake check", "brake test", "emergency brake", "u turn", "lane filter",
    "lane change", "speed wobble", "tail spin", "jay walk", "fish tail", "lane hop", "drag race",
})  # fmt: skip


def plural(noun: str) -> str:
    """Plural of the last word of a noun phrase."""
    head, _, last = noun.rpartition(" ")
    for key in (noun, last):
        if key in IRREGULAR_PLURALS:
            many = IRREGULAR_PLURALS[key]
            return many if key == noun else f"{head} {many}"
    if last.endswith("man") and len(last) > 5:
        last = last[:-3] + "men"
    elif last.endswith(_SIBILANT):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()


def verb_forms(verb: str) -> dict[str, tuple[str, ...]]:
    """Forms of a verb (its first word is inflected): base, s, ing, past, participle."""
    if verb in _INFLECTED_LAST:
        head, _, last = verb.rpartition(" ")
        return {form: tuple(f"{head} {word}" for word in words) for form, words in verb_forms(last).items()}
    first, _, rest = verb.partition(" ")
    tail = f" {rest}" if rest else ""
    past, participle = _past(first)
    return {
        "base": (first + tail,),
        "s": (_third(first) + tail,),
        "ing": tuple(form + tail for form in _ing(first)),
        "past": tuple(form + tail for form in past),
        "part": tuple(form + tail for form in participle),
    }


def _third(verb: str) -> str:
    if verb in ("have", "be"):
        return {"have": "has", "be": "is"}[verb]
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith((*_SIBILANT, "o")) else "s")


def _ing(verb: str) -> tuple[str, ...]:
    if verb in ("lie", "tie", "die"):
        return (verb[:-2] + "ying",)
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return (verb[:-1] + "ing",)
    return tuple(stem + "ing" for stem in _stems(verb))


def _past(verb: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if verb in IRREGULAR_VERBS:
        past, participle = IRREGULAR_VERBS[verb]
        regular = () if verb not in ("leap", "spill", "light", "speed") else (_regular(verb)[0],)
        return (past, *regular), (participle, *regular)
    return _regular(verb), _regular(verb)


def _regular(verb: str) -> tuple[str, ...]:
    if verb.endswith("e"):
        return (verb + "d",)
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return (verb[:-1] + "ied",)
    return tuple(stem + "ed" for stem in _stems(verb))


def _stems(verb: str) -> tuple[str, ...]:
    if verb in _BOTH_SPELLINGS:
        return (verb, verb + verb[-1])
    return (verb + verb[-1],) if verb in _DOUBLING else (verb,)
