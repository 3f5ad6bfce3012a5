"""Words for who and what: an actor by its class where that is clear, else with its id; sentences by kind of event."""

from collections.abc import Mapping

from driving_data.taxonomy import ActorClass
from generators.labels.predicates import View

NOUNS: Mapping[ActorClass, str] = {
    ActorClass.EMERGENCY_VEHICLE: "emergency vehicle", ActorClass.CONSTRUCTION_VEHICLE: "construction machine",
    ActorClass.E_SCOOTER: "e-scooter", ActorClass.WHEELCHAIR: "person in a wheelchair", ActorClass.BICYCLE: "cyclist",
    ActorClass.MOTORCYCLE: "motorcyclist", ActorClass.DEBRIS: "object", ActorClass.OTHER: "object",
}  # fmt: skip
SIGNS = {"sign_stop": "a stop sign", "sign_slow": "a slow sign", "wave_on": "a wave to go on",
         "direct_left": "a sign to keep left", "direct_right": "a sign to keep right"}  # fmt: skip
CAUSES = {"collision": "a collision", "hard_braking": "hard braking ahead", "stopped_vehicle": "a stopped vehicle",
          "road_works": "road works", "slippery_road": "a slippery road"}  # fmt: skip
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "hard_braking": ("{A} brakes hard, from {from_kmph} km/h to {to_kmph} km/h.",
                     "Braking hard, {a} slows from {from_kmph} km/h to {to_kmph} km/h.",
                     "{A} slams on the brakes at {from_kmph} km/h and is down to {to_kmph} km/h."),
    "braking": ("{A} slows down from {from_kmph} km/h to {to_kmph} km/h.",
                "{A} brakes gently, from {from_kmph} km/h to {to_kmph} km/h.",
                "Braking, {a} goes from {from_kmph} km/h to {to_kmph} km/h."),
    "stop": ("{A} comes to a stop.", "{A} stops.", "{A} slows to a standstill."),
    "start": ("{A} starts moving.", "{A} sets off.", "{A} pulls away from a standstill."),
    "lane_change": ("{A} changes to the lane on its {side}.", "{A} moves over one lane to the {side}.",
                    "A lane change to the {side} by {a}."),
    "cut_in": ("{A} cuts in from the {side}, ahead of {b}.", "{A} moves into the lane right in front of {b} from the "
               "{side}.", "Coming from the {side}, {a} cuts in ahead of {b}."),
    "cut_out": ("{A}, driving ahead of {b}, leaves the lane to the {side}.", "{A} cuts out to the {side}, clearing the "
                "lane ahead of {b}.", "Ahead of {b}, {a} moves out of the lane to the {side}."),
    "turn": ("{A} turns {side}.", "{A} makes a turn to the {side}.", "{A} takes a {side} turn."),
    "crossing": ("{A} crosses the path of {b} from {from} to {to}.", "From the {from}, {a} comes across the way of "
                 "{b}.", "{A} moves across in front of {b}, from the {from} to the {to}."),
    "yielding": ("{A} gives way to {b}.", "{A} brakes to let {b} pass.", "{A} slows down and yields to {b}."),
    "overtaking": ("{A} overtakes {b} on the {side}.", "{A} passes {b} on the {side}.",
                   "On the {side}, {a} goes past {b}."),
    "hesitation": ("{A} hesitates.", "{A} waits, undecided.", "{A} stops short and hesitates."),
    "door_open": ("A door of {a} is open.", "{A} has a door open.", "A door stands open at {a}."),
    "hand_signal": ("{A} shows {sign_text}.", "{A} gives {sign_text}.", "The hand of {a} shows {sign_text}."),
    "signal_change": ("The traffic light ahead changes from {from} to {to}.", "The light turns {to}, having been "
                      "{from}.", "Ahead, the traffic light goes from {from} to {to}."),
    "collision": ("{A} and {b} collide.", "There is a collision between {a} and {b}.", "{A} runs into {b}."),
    "near_miss": ("{A} and {b} come within {ttc_s} s of a collision.", "A near miss: {a} and {b} are {ttc_s} s from a "
                  "collision.", "With {ttc_s} s left to a collision, {a} has a close call with {b}."),
    "work_zone_entry": ("{A} enters the work zone.",
                        "{A} drives into the road works.", "Road works begin for {a}."),
    "warning": ("{A} receives a radio warning of {cause_text}.", "A radio message warns {a} of {cause_text}.",
                "By radio, {a} is told of {cause_text}."),
    "debris": ("An object lies on the road ahead of {b}.", "There is an object on the road in the way of {b}.",
               "On the road in front of {b} lies an object."),
    "debris_falls": ("An object falls onto the road.", "Something falls onto the road.",
                     "Something comes down on the road."),
    "tyre_burst": ("The {wheel} tyre of {a} bursts.", "{A} has a burst {wheel} tyre.",
                   "The {wheel} tyre bursts at {a}."),
    "brake_failure": ("The brakes of {a} fail.", "{A} loses its brakes.", "Brake failure at {a}."),
    "steering_failure": ("The steering of {a} fails.", "{A} loses its steering.", "Steering failure at {a}."),
}  # fmt: skip


def noun(kind: ActorClass) -> str:
    """The usual word for a class."""
    return NOUNS.get(kind, kind.label.replace("_", " "))


def named(view: View, actor: str) -> str:
    """An actor as a sentence names it: 'the ego', 'the child', or 'the car (parked_2)' where there are several."""
    if actor == view.ego or actor == "ego":
        return "the ego"
    if actor not in view.ids:
        return actor
    word = noun(view.kind(actor))
    alike = [x for x in view.ids if x != view.ego and noun(view.kind(x)) == word]
    return f"the {word}" if len(alike) == 1 else f"the {word} ({actor})"


def capital(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def sentence(template: str, view: View, actors: tuple[str, ...], values: Mapping[str, float],
             words: Mapping[str, str]) -> str:  # fmt: skip
    """A template filled with names, numbers and words."""
    a = named(view, actors[0])
    b = named(view, actors[1]) if len(actors) > 1 else ""
    numbers = {name: f"{number:.1f}" if name.endswith("_s") else f"{number:.0f}" for name, number in values.items()}
    texts = {"sign_text": SIGNS.get(words.get("sign", ""), ""), "cause_text": CAUSES.get(words.get("cause", ""), "")}
    return capital(template.format(a=a, b=b, A=capital(a), B=capital(b), **numbers, **words, **texts))
