"""Descriptions read by a language model behind any OpenAI-compatible server that the user names.

    reading = read_with(Endpoint("http://127.0.0.1:8000/v1", "some-model"), "A deer crosses at dusk.")

The answer is held to the JSON Schema of the slots; where it is wrong, our letters about its faults go back, for a
limited number of rounds. No server, model or key is built in. What is read goes the same way as a reading of the
embedded reader: into `realise`.
"""

import json
from collections.abc import Mapping
from typing import Any

from driving_data.errors import Fault, InputError
from scenarios.language.endpoint.client import Endpoint, EndpointError, configured
from scenarios.language.endpoint.prompt import first_messages, repair_message
from scenarios.language.endpoint.schema import reading_schema, slots_schema
from scenarios.language.realise.validity import faults_of
from scenarios.language.slots import Phrase, Reading, Slots

MAX_TEXT = 20_000


def read_with(endpoint: Endpoint, text: str) -> Reading:
    """Reads a description by a language model.

    Args:
        endpoint: which server and model.
        text: the description.

    Raises:
        EndpointError: the server fails.
        InputError: the text is too long, or after the last round the answer still has faults; they are those.
    """
    if len(text) > MAX_TEXT:
        raise InputError([Fault("", 0, 0, "text", "too-long", f"{len(text)} letters", f"at most {MAX_TEXT}")])
    messages, schema = first_messages(text), reading_schema()
    faults: list[Fault] = []
    for number in range(1, endpoint.max_rounds + 1):
        answer = endpoint.complete(messages, schema, number)
        data, faults = _checked(answer, text)
        if not faults:
            return _reading(text, data, endpoint, number)
        messages += [{"role": "assistant", "content": answer}, repair_message(faults)]
    raise InputError(faults)


def _checked(answer: str, text: str) -> tuple[Mapping[str, Any], list[Fault]]:
    """The answer as data, and what is wrong with it."""
    try:
        data = json.loads(_unfenced(answer))
    except (ValueError, RecursionError) as error:
        where = f" at letter {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        return {}, [Fault("", 0, 0, "", "no-json", f"text that is no JSON{where}", "one JSON object")]
    if not isinstance(data, dict) or "slots" not in data:
        return {}, [Fault("", 0, 0, "", "missing-key", "no key 'slots'", "an object with slots and not_understood")]
    faults = [
        Fault("", 0, 0, f"slots.{f.path}".rstrip("."), f.code, f.found, f.expected, f.nearest)
        for f in faults_of(data["slots"])
    ]
    left = data.get("not_understood", [])
    if not isinstance(left, list) or not all(isinstance(span, str) for span in left):
        faults.append(Fault("", 0, 0, "not_understood", "wrong-type", repr(left)[:80], "a list of texts"))
    else:
        faults.extend(
            Fault("", 0, 0, f"not_understood[{i}]", "not-verbatim", repr(span), "words of the text, letter by letter")
            for i, span in enumerate(left) if span not in text
        )  # fmt: skip
    return data, faults


def _unfenced(answer: str) -> str:
    """The answer without the code fence that many models put around JSON."""
    lines = answer.strip().splitlines()
    fenced = len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```"
    return "\n".join(lines[1:-1]) if fenced else answer


def _reading(text: str, data: Mapping[str, Any], endpoint: Endpoint, rounds: int) -> Reading:
    left = tuple(data.get("not_understood", ()))
    note = f"reader = {endpoint.model}: a language model read it, in {rounds} round{'s' if rounds != 1 else ''}"
    account = tuple(Phrase(span, text.index(span), text.index(span) + len(span), "", "not understood") for span in left)
    return Reading(text, Slots.from_plain(data["slots"]), account, (note,), left)


__all__ = ["Endpoint", "EndpointError", "configured", "read_with", "reading_schema", "slots_schema"]
