"""What radio messages were worth: age, loss, where they put their sender and where that was, and what followed.

Communication quality at an arrival, from its age and the share of messages of that sender and kind lost within the last
2 s: 'ideal' up to 50 ms and none lost; 'good' up to 100 ms (what 3GPP TS 22.185 asks of safety messages) and a tenth;
'degraded' up to 300 ms and a half; 'poor' beyond. The uncertainty of the place is 1.5 m (what SAE J2945/1 asks of
positioning) plus the way that the sender goes at its speed in the age of the message.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from driving_data.labels import MessageLabels
from driving_data.messages import Message, UserState
from generators.labels.predicates import View
from generators.labels.story.events import Happening

POSITIONING_M = 1.5
WINDOW_S = 2.0
OUTCOME_S = 5.0
OUTCOMES = ("collision", "near_miss", "hard_braking", "signal_violation")
STRATA = (("ideal", 0.05, 0.0), ("good", 0.1, 0.1), ("degraded", 0.3, 0.5))


def message_labels(view: View, events: Sequence[Happening], span_s: float = OUTCOME_S) -> MessageLabels | None:
    """Labels of the messages that the ego received; None where it received none."""
    messages = view.rollout.messages
    if not messages:
        return None
    lost = lost_before(messages)
    followed = [outcome(view, events, message.received_ns, span_s) for message in messages]
    return MessageLabels(
        index=np.arange(len(messages), dtype=np.int64),
        sent_ns=np.array([m.generated_ns for m in messages], dtype=np.int64),
        received_ns=np.array([m.received_ns for m in messages], dtype=np.int64),
        kind=tuple(m.kind.name.lower() for m in messages),
        sender=tuple(m.sender for m in messages),
        sender_speed_mps=np.array([_speed(m) for m in messages]),
        position_error_m=np.array([_error(view, m) for m in messages]),
        position_uncertainty_m=np.array([POSITIONING_M + abs(_speed(m)) * m.age_ns * 1e-9 for m in messages]),
        lost_before=np.array(lost, dtype=np.int64),
        quality=tuple(quality(messages, lost, k) for k in range(len(messages))),
        outcome=tuple(name for name, _ in followed),
        outcome_after_s=np.array([after for _, after in followed]),
        outcome_span_s=span_s,
    )


def _speed(message: Message) -> float:
    return message.content.speed_mps if isinstance(message.content, UserState) else float("nan")


def _error(view: View, message: Message) -> float:
    """Distance in the plane, at arrival, of the place in the message from the sender's."""
    if not isinstance(message.content, UserState) or message.sender not in view.ids:
        return float("nan")
    i, now = view.index(message.sender), view.rollout.timestamps_ns
    place = [float(np.interp(message.received_ns, now, view.center_m[:, i, axis])) for axis in (0, 1)]
    return float(np.hypot(message.content.position_m[0] - place[0], message.content.position_m[1] - place[1]))


def lost_before(messages: Sequence[Message]) -> list[int]:
    """Numbers missing between each message and the newest before it of its kind and sender."""
    newest: dict[tuple[str, int], int] = {}
    missing: list[int] = []
    for message in messages:
        key = (message.sender, int(message.kind))
        missing.append(max(message.sequence - newest.get(key, message.sequence - 1) - 1, 0))
        newest[key] = max(newest.get(key, message.sequence), message.sequence)
    return missing


def quality(messages: Sequence[Message], lost: Sequence[int], k: int) -> str:
    """Communication quality when message `k` arrived."""
    message = messages[k]
    recent = [
        j for j in range(k + 1)
        if (messages[j].sender, messages[j].kind) == (message.sender, message.kind)
        and message.received_ns - messages[j].received_ns <= WINDOW_S * 1e9
    ]  # fmt: skip
    missing = sum(lost[j] for j in recent)
    share, age = missing / (missing + len(recent)), message.age_ns * 1e-9
    return next((name for name, longest, most in STRATA if age <= longest + 1e-9 and share <= most), "poor")


def outcome(view: View, events: Sequence[Happening], received_ns: int, span_s: float) -> tuple[str, float]:
    """The gravest thing that befell the ego within a time after an arrival, and how long after."""
    found: dict[str, float] = {}
    for event in events:
        if view.ego in event.actors and event.kind in OUTCOMES and not (
            event.kind == "hard_braking" and event.actors[0] != view.ego
        ):  # fmt: skip
            moment = event.end_ns(view) if event.kind == "collision" else event.start_ns(view)
            found.setdefault(event.kind, np.inf)
            after = (moment - received_ns) * 1e-9
            if 0.0 <= after <= span_s:
                found[event.kind] = min(found[event.kind], after)
    for event in view.rollout.events:
        after = (event.timestamp_ns - received_ns) * 1e-9
        if event.kind == "signal_violation" and view.ego in event.actor_ids and 0.0 <= after <= span_s:
            found["signal_violation"] = min(found.get("signal_violation", np.inf), after)
    for name in OUTCOMES:
        if np.isfinite(found.get(name, np.inf)):
            return name, found[name]
    return "none", float("nan")


def message_rows(labels: MessageLabels) -> list[Mapping[str, Any]]:
    """One plain row a message: times in nanoseconds, None for what is not known."""

    def known(number: float) -> float | None:
        return round(float(number), 4) if np.isfinite(number) else None

    return [
        {
            "index": int(labels.index[k]), "kind": labels.kind[k], "sender": labels.sender[k],
            "sent_ns": int(labels.sent_ns[k]), "received_ns": int(labels.received_ns[k]),
            "age_s": known(1e-9 * float(labels.received_ns[k] - labels.sent_ns[k])),
            "sender_speed_mps": known(labels.sender_speed_mps[k]),
            "position_error_m": known(labels.position_error_m[k]),
            "position_uncertainty_m": known(labels.position_uncertainty_m[k]),
            "lost_before": int(labels.lost_before[k]), "quality": labels.quality[k], "outcome": labels.outcome[k],
            "outcome_after_s": known(labels.outcome_after_s[k]), "outcome_span_s": labels.outcome_span_s,
        }
        for k in range(len(labels.index))
    ]  # fmt: skip
