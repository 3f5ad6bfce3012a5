"""What a language model is told: the rules of the slots, two worked readings, and letters about its mistakes."""

import json
from collections.abc import Sequence

from driving_data.errors import Fault
from scenarios.language.slots import ActorSlots, EgoSlots, RoadSlots, Slots, TriggerSlots

Message = dict[str, str]

RULES = """\
You read descriptions of driving scenarios into slots. Answer with one JSON object of the given schema, nothing else.
Slots hold what the text says and nothing else: no defaults, no guesses. What is unknown is null or [].
- Use SI units: speeds in m/s, distances in m, times in s, latency in ms, loss as a fraction. Exact x is [x, x];
  about x is [0.9x, 1.1x]; at least x is [x, null]; at most x is [null, x]. Vague words (fast, close) stay null.
- Lanes are per direction. "Highway" alone is motorway; with oncoming traffic or undivided it is rural.
- One entry of actors for each group of road users described alike, in the order of first mention; an unnumbered
  plural has the count "several". What is denied is no actor but a negation.
- relation is a position relative to the ego; crossing goes with every cross. Whoever does a thing owns the manoeuvre.
- ego.manoeuvre is in the order of time; drive_straight only where the ego drives and does nothing more particular.
- trigger is the stated condition that starts a manoeuvre of the actor: distance (m), time (s), ttc (s) or event.
- occluded_by is the class of the thing that hides the actor; if it is in the vocabulary it is an actor too.
- not_understood lists verbatim spans that carry meaning and fit no slot.
"""

_EXAMPLES: tuple[tuple[str, Slots, tuple[str, ...]], ...] = (
    (
        "In heavy rain the ego does 90 km/h on a three-lane motorway; a lorry on the right cuts in at a TTC of 3 s.",
        Slots(
            RoadSlots("motorway", 3), ("heavy_rain",), None, (), EgoSlots(("drive_straight",), (25.0, 25.0)),
            (ActorSlots("truck", 1, ("right",), ("cut_in",), trigger=TriggerSlots("ttc", (3.0, 3.0))),),
        ),
        (),
    ),
    (
        "At night two children run out from behind a parked van about 20 m ahead, laughing. No street lights.",
        Slots(
            light="night",
            actors=(
                ActorSlots("child", 2, ("crossing", "ahead"), ("cross",), None, (18.0, 22.0), "van"),
                ActorSlots("van", 1, ("parked",)),
            ),
            negations=("no street lights",),
        ),
        ("laughing",),
    ),
)  # fmt: skip


def first_messages(text: str) -> list[Message]:
    """The conversation before the first answer."""
    messages = [{"role": "system", "content": RULES}]
    for example, slots, left in _EXAMPLES:
        answer = json.dumps({"slots": slots.to_plain(), "not_understood": list(left)})
        messages += [{"role": "user", "content": example}, {"role": "assistant", "content": answer}]
    return [*messages, {"role": "user", "content": text}]


def repair_message(faults: Sequence[Fault]) -> Message:
    """A letter about every fault of an answer."""
    letters = "\n".join(f"- {fault}" for fault in faults)
    return {
        "role": "user",
        "content": f"That answer has {len(faults)} faults:\n{letters}\nSend the whole corrected JSON.",
    }
