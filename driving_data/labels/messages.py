"""Labels of radio messages: how old and how sure their contents were, and what followed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, slots=True, eq=False)
class MessageLabels:
    """Messages that the ego received, one row each, in order of arrival.

    Attributes:
        index: into `Rollout.messages`, shape (M,).
        sent_ns: when the contents were true, shape (M,).
        received_ns: when it arrived, shape (M,).
        kind: name of its `MessageKind`, M of them.
        sender: actor id, or `rsu.<name>`, M of them.
        sender_speed_mps: as the message says; NaN where it says none, shape (M,).
        position_error_m: distance at arrival of where the message puts its sender from where that is; NaN where the
            sender is no actor or says no place, shape (M,).
        position_uncertainty_m: what a receiver must reckon with from speed and age alone, shape (M,); NaN as above.
        lost_before: messages of this kind and sender that were lost since the one before, shape (M,).
        quality: 'ideal', 'good', 'degraded' or 'poor' communication at arrival, M of them.
        outcome: what happened to the ego within `outcome_span_s`, gravest first: 'collision', 'near_miss',
            'hard_braking', 'signal_violation' or 'none', M of them.
        outcome_after_s: from arrival to that; NaN for none, shape (M,).
        outcome_span_s: how long after arrival outcomes are looked for.
    """

    index: Int[np.ndarray, "M"]
    sent_ns: Int[np.ndarray, "M"]
    received_ns: Int[np.ndarray, "M"]
    kind: tuple[str, ...]
    sender: tuple[str, ...]
    sender_speed_mps: Float[np.ndarray, "M"]
    position_error_m: Float[np.ndarray, "M"]
    position_uncertainty_m: Float[np.ndarray, "M"]
    lost_before: Int[np.ndarray, "M"]
    quality: tuple[str, ...]
    outcome: tuple[str, ...]
    outcome_after_s: Float[np.ndarray, "M"]
    outcome_span_s: float = 5.0
