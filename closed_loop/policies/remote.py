"""A policy in another process or on another machine: `http://host:port`, `https://host:port`, `grpc://host:port`.

Each call is one message (see `wire`). A call that gets no answer is repeated, a bounded number of times; sessions and
call numbers let the server answer a repeated call without driving twice. The measured latency of every call is kept
in `statistics`; it says nothing about the simulation, whose time stands still meanwhile. To let controls act late in
simulated time, set `latency`: see `latency.LatencyLine`.
"""

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from closed_loop.policies.answers import control_of
from closed_loop.policies.latency import LatencyLine, LatencyParameters
from closed_loop.policies.measured import spread_ms
from closed_loop.policies.planned import check_tracking, follow, plan_of
from closed_loop.policies.wire import ARRAYS_TYPE, JSON_TYPE, Message, observation_message
from closed_loop.registry import build_policy
from driving_data.errors import Fault, InputError, RoadloomError
from driving_data.ports import Control, Observation, Policy

_SCHEMES = ("http", "https", "grpc")
_PAUSE_S = 0.05


class TryAgain(RoadloomError):
    """A call got no answer but may get one when repeated."""


@runtime_checkable
class Transport(Protocol):
    """Carries one message there and the answer back."""

    def call(self, body: bytes, kind: str) -> bytes:
        """The answer.

        Raises:
            TryAgain: none came, or the server is busy.
            RoadloomError: the server refuses; repeating helps nothing.
        """
        ...

    def close(self) -> None:
        """Frees the connection; the next call opens another."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteParameters:
    """Where the policy is, and how long to wait for it.

    Attributes:
        address: `http://host:port`, `https://host:port` or `grpc://host:port`.
        format: 'arrays' or 'json'.
        timeout_s: of one try.
        tries: how often a call is tried in all.
        token_env: environment variable that holds the server's token; the token itself never stands in a parameter,
            as parameters are written into reports.
        tracking: 'lqr' or 'preview': how a trajectory is followed that the server answers.
        latency: when controls act, in simulated time.
    """

    address: str = "http://127.0.0.1:8600"
    format: str = "arrays"
    timeout_s: float = 10.0
    tries: int = 3
    token_env: str = "ROADLOOM_POLICY_TOKEN"
    tracking: str = "lqr"
    latency: LatencyParameters = field(default_factory=LatencyParameters)

    def __post_init__(self) -> None:
        check_tracking(self.tracking)
        scheme, separator, rest = self.address.partition("://")
        if scheme not in _SCHEMES or not separator or not rest.strip("/"):
            raise ValueError(f"address {self.address!r}: expected http://, https:// or grpc:// and host:port")
        if self.format not in ("arrays", "json"):
            raise ValueError(f"format {self.format!r} is neither 'arrays' nor 'json'")
        if not (self.timeout_s > 0 and self.tries >= 1):
            raise ValueError(f"timeout_s must be positive and tries at least 1, not {self.timeout_s} and {self.tries}")


class RemotePolicy:
    """Asks a server what to do."""

    Parameters: ClassVar[type] = RemoteParameters

    def __init__(self, parameters: RemoteParameters | None = None) -> None:
        self.parameters = parameters or RemoteParameters()
        self._transport = transport_to(self.parameters)
        self._line = LatencyLine(self.parameters.latency)
        self._forget()

    def __reduce__(self) -> tuple[Any, ...]:
        # Connections stay where they are; a worker opens its own.
        return RemotePolicy, (self.parameters,)

    @property
    def name(self) -> str:
        """Name in reports."""
        return f"remote({self.parameters.address})"

    def reset(self, num_worlds: int) -> None:
        """Begins a session with the server and forgets what was measured.

        Raises:
            RoadloomError: the server gives no answer or refuses.
        """
        self._forget()
        self._line.reset()
        self._ask(Message({"call": "reset", "num_worlds": num_worlds, **self._stamp()}))

    def act(self, observation: Observation) -> Control:
        """What the server says.

        Raises:
            RoadloomError: the server gives no answer, refuses, or answers something that is neither a control nor a
                trajectory.
        """
        reply = self._ask(observation_message(observation, {"call": "act", **self._stamp()}))
        who = f"the server at {self.parameters.address}"
        if "poses" in reply.arrays:
            return self._line.hand_over(observation, self._followed(observation, reply, who))
        missing = {"acceleration_mps2", "steering_rad"} - set(reply.arrays)
        if missing:
            raise RoadloomError(f"{who} answered without {', '.join(sorted(missing))}")
        pair = (reply.arrays["acceleration_mps2"], reply.arrays["steering_rad"])
        return self._line.hand_over(observation, control_of(pair, len(observation.done), who))

    def _followed(self, observation: Observation, reply: Message, who: str) -> Control:
        step_s = reply.header.get("step_s")
        if not isinstance(step_s, (int, float)) or not step_s > 0:
            raise RoadloomError(f"{who} answered poses with step_s {step_s!r}; expected a positive number of seconds")
        plan = plan_of(reply.arrays["poses"], observation, float(step_s), who)
        return follow(observation, plan, self.parameters.tracking)

    def statistics(self) -> Mapping[str, Any]:
        """Calls, repeated tries and their wall-clock latency since the last reset."""
        return {"calls": len(self._seconds), "repeated": self._repeated, "call_latency": spread_ms(self._seconds)}

    def close(self) -> None:
        """Drops the connection; the next call opens another."""
        self._transport.close()

    def _forget(self) -> None:
        # The session only tells clients apart at the server: no result depends on it.
        self._session, self._number = secrets.token_hex(8), 0
        self._seconds: list[float] = []
        self._repeated = 0

    def _stamp(self) -> dict[str, Any]:
        self._number += 1
        return {"session": self._session, "number": self._number}

    def _ask(self, message: Message) -> Message:
        kind = JSON_TYPE if self.parameters.format == "json" else ARRAYS_TYPE
        began = time.perf_counter()
        reply = self._carried(message.to_bytes(kind), kind)
        self._seconds.append(time.perf_counter() - began)
        return Message.from_bytes(reply, kind)

    def _carried(self, body: bytes, kind: str) -> bytes:
        attempt = 0
        while True:
            try:
                return self._transport.call(body, kind)
            except TryAgain as error:
                self._transport.close()
                attempt += 1
                if attempt >= self.parameters.tries:
                    tries = f"{self.parameters.tries} tries of {self.parameters.timeout_s:g} s"
                    raise RoadloomError(f"{self.parameters.address} gave no answer in {tries}: {error}") from error
                self._repeated += 1
                time.sleep(_PAUSE_S * 2 ** (attempt - 1))


def transport_to(parameters: RemoteParameters) -> Transport:
    """The connection of an address.

    Raises:
        MissingExtra: gRPC is asked for and not installed.
    """
    scheme, _, place = parameters.address.partition("://")
    token = os.environ.get(parameters.token_env, "")
    if scheme == "grpc":
        from closed_loop.policies.remote_grpc import GrpcTransport

        return GrpcTransport(place.rstrip("/"), parameters.timeout_s, token)
    from closed_loop.policies.remote_http import HttpTransport

    return HttpTransport(parameters.address, parameters.timeout_s, token)


def _at(scheme: str, target: str, parameters: Mapping[str, Any] | None) -> Policy:
    address = f"{scheme}:{target}"
    if not parameters:
        try:
            return RemotePolicy(RemoteParameters(address))
        except ValueError as error:
            raise InputError([Fault("", 0, 0, "policy", "wrong-value", repr(address), str(error))]) from error
    return build_policy(RemotePolicy, "remote", {**parameters, "address": address})


def at_http(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy at `http:` + target."""
    return _at("http", target, parameters)


def at_https(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy at `https:` + target."""
    return _at("https", target, parameters)


def at_grpc(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy at `grpc:` + target."""
    return _at("grpc", target, parameters)
