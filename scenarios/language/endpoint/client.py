"""One chat completion over HTTP, with limits, and every request and answer in a log without secrets."""

import json
import math
import os
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from driving_data.errors import Fault, InputError, RoadloomError
from scenarios.language.endpoint.prompt import Message

BASE_URL, MODEL, KEY = "ROADLOOM_LANGUAGE_URL", "ROADLOOM_LANGUAGE_MODEL", "ROADLOOM_LANGUAGE_KEY"
HIDDEN = "[hidden]"


class EndpointError(RoadloomError):
    """The endpoint cannot be reached, refused, or answered with something that is no chat completion."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server that the user named; there is no default.

    Attributes:
        base_url: http or https address up to `/v1`.
        model: name of the model there.
        key: sent as a bearer token; None where the server wants none. Never logged, never shown.
        timeout_s: for each request.
        max_rounds: answers asked for at most, repairs included.
        max_bytes: an answer that is longer is refused.
        log: JSON Lines file to which every request and answer is appended; None for no log.
    """

    base_url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    max_rounds: int = 4
    max_bytes: int = 2_000_000
    log: Path | None = None

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise InputError(faults)

    def _faults(self) -> list[Fault]:
        found: list[Fault] = []
        try:
            parts = urlsplit(self.base_url)
            whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            parts, whole = urlsplit(""), False
        address = "an address such as http://127.0.0.1:8000/v1"
        if parts.scheme not in ("http", "https"):
            found.append(
                _fault("base_url", "bad-scheme", f"the scheme {parts.scheme!r}", f"http or https, as {address}")
            )
        elif not whole:
            found.append(_fault("base_url", "bad-address", "an address without a host", address))
        if parts.username or parts.password:
            found.append(_fault("base_url", "secret-in-address", "a user or password", f"the key in {KEY} instead"))
        if not self.model.strip():
            found.append(_fault("model", "missing-value", "no model", "the name of a model that the server has"))
        if not (math.isfinite(self.timeout_s) and self.timeout_s > 0):
            found.append(_fault("timeout_s", "out-of-range", repr(self.timeout_s), "seconds above 0"))
        if not 1 <= self.max_rounds <= 20:
            found.append(_fault("max_rounds", "out-of-range", repr(self.max_rounds), "a number from 1 to 20"))
        if self.key is not None and any(ord(letter) < 33 or ord(letter) > 126 for letter in self.key):
            found.append(_fault("key", "bad-key", "blanks or letters that no header holds", "visible ASCII letters"))
        return found

    @property
    def address(self) -> str:
        """Where completions are asked for."""
        return f"{self.base_url.rstrip('/')}/chat/completions"

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any], round_number: int = 1) -> str:
        """The text of one answer.

        Args:
            messages: the conversation so far.
            schema: what the answer has to look like; sent as `response_format`.
            round_number: for the log.

        Raises:
            EndpointError: no answer within the time, a refusal, or an answer that is no chat completion.
        """
        body = {
            "model": self.model, "messages": list(messages), "temperature": 0,
            "response_format": {
                "type": "json_schema", "json_schema": {"name": "reading", "strict": True, "schema": schema},
            },
        }  # fmt: skip
        self._write({"round": round_number, "request": {**body, "response_format": "json_schema: reading"}})
        try:
            answer = self._post(body)
        except EndpointError as error:
            self._write({"round": round_number, "error": str(error)})
            raise
        self._write({"round": round_number, "response": answer})
        return _content(answer, self.address)

    def _post(self, body: Mapping[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.address, json.dumps(body).encode(), headers, method="POST")
        try:
            with _OPENER.open(request, timeout=self.timeout_s) as answer:
                data = answer.read(self.max_bytes + 1)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(2000).decode("utf-8", "replace")
            raise EndpointError(self._clean(f"{self.address} answered {error.code}: {said.strip()[:500]}")) from None
        except TimeoutError:
            raise EndpointError(f"{self.address} did not answer within {self.timeout_s:g} s") from None
        except (urllib.error.URLError, HTTPException, OSError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, TimeoutError):
                raise EndpointError(f"{self.address} did not answer within {self.timeout_s:g} s") from None
            raise EndpointError(self._clean(f"{self.address} cannot be reached: {reason}")) from None
        if len(data) > self.max_bytes:
            raise EndpointError(f"{self.address} answered with more than {self.max_bytes} bytes")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise EndpointError(f"{self.address} answered with something that is no JSON") from None

    def _write(self, entry: Mapping[str, Any]) -> None:
        """Appends one line to the log, the key blotted out wherever it occurs."""
        if self.log is None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"url": self.address, **entry}, ensure_ascii=False)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(self._clean(line) + "\n")

    def _clean(self, text: str) -> str:
        return text.replace(self.key, HIDDEN) if self.key else text


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are refused: the key belongs to the address that the user gave, and to no other."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> None:
        """Follows nowhere; the answer counts as an error."""


# Without proxies of the environment and without redirects: a description goes where the user said, nowhere else.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def configured(
    base_url: str | None = None, model: str | None = None, key: str | None = None, **settings: Any
) -> Endpoint:
    """The endpoint of the arguments, else of the environment.

    Args:
        base_url: else `ROADLOOM_LANGUAGE_URL`.
        model: else `ROADLOOM_LANGUAGE_MODEL`.
        key: else `ROADLOOM_LANGUAGE_KEY`; none is fine.
        settings: further fields of `Endpoint`.

    Raises:
        InputError: no address or model is given anywhere, or one is wrong.
    """
    address, name = base_url or os.environ.get(BASE_URL), model or os.environ.get(MODEL)
    faults = [
        _fault(path, "missing-value", "nothing", f"the {what}: an argument, or {variable} in the environment")
        for path, what, variable, given in (
            ("base_url", "address of a server", BASE_URL, address), ("model", "name of a model", MODEL, name),
        ) if not given
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return Endpoint(address or "", name or "", key or os.environ.get(KEY) or None, **settings)


def _content(answer: Any, address: str) -> str:
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        content, refusal = message.get("content"), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise EndpointError(f"{address} answered with something that is no chat completion") from None
    if not isinstance(content, str):
        said = f": {refusal}" if isinstance(refusal, str) else ""
        raise EndpointError(f"{address} answered without a text{said}")
    return content


def _fault(path: str, code: str, found: str, expected: str) -> Fault:
    return Fault("", 0, 0, f"endpoint.{path}", code, found, expected)
