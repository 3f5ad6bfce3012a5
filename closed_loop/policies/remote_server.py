"""A server for policies: `python -m closed_loop.policies.remote_server --policy idm --port 8600`.

It listens at 127.0.0.1 unless told otherwise and answers only those who know its token (environment variable
`ROADLOOM_POLICY_TOKEN`, else a fresh one that it prints). Each session has a policy of its own.

POST /v1/policy with a message of `wire` -> a message; GET /v1/health -> {"policy": name, "protocol": 1}.
A policy written in another language serves the same two.
"""

import argparse
import hmac
import json
import os
import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from closed_loop.policies.remote_http import PATH
from closed_loop.policies.wire import ARRAYS_TYPE, JSON_TYPE, MAX_BYTES, PROTOCOL, Message, WireError, observation_of
from closed_loop.registry import make_policy
from driving_data.errors import RoadloomError
from driving_data.ports import Policy

MAX_SESSIONS = 64
TOKEN_ENV = "ROADLOOM_POLICY_TOKEN"


@dataclass(slots=True)
class _Session:
    policy: Policy
    number: int = 0
    reply: Message = field(default_factory=lambda: Message({}))
    lock: threading.Lock = field(default_factory=threading.Lock)


class PolicyHost:
    """Sessions of a policy, without any network: takes bodies, gives bodies.

    The last reply of every session is kept: a call whose number was answered already gets the same reply again. The
    oldest of more than `MAX_SESSIONS` sessions is forgotten.
    """

    def __init__(self, make: Callable[[], Policy], token: str) -> None:
        self.make = make
        self.token = token
        self.name = make().name
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, body: bytes, kind: str, authorization: str) -> tuple[int, bytes]:
        """Status (as in HTTP) and body of the answer."""
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self.token}".encode()):
            return 401, b"the token is wrong or missing"
        try:
            message = Message.from_bytes(body, kind)
            return 200, self._reply(message).to_bytes(kind)
        except WireError as error:
            return 400, str(error).encode()
        except Exception as error:  # a policy may raise anything; the client is told
            return 500, f"{type(error).__name__}: {error}".encode()

    def _reply(self, message: Message) -> Message:
        header = message.header
        name, number, call = header.get("session"), header.get("number"), header.get("call")
        if not isinstance(name, str) or not isinstance(number, int) or call not in ("reset", "act"):
            raise WireError("expected session (text), number (integer) and call ('reset' or 'act')")
        session = self._session(name, fresh=call == "reset")
        with session.lock:
            if number == session.number:
                return session.reply
            if number < session.number:
                raise WireError(f"call {number} of session {name} came after call {session.number}")
            session.reply = _drive(session.policy, message, call)
            session.number = number
            return session.reply

    def _session(self, name: str, fresh: bool) -> _Session:
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                if not fresh:
                    raise WireError(f"no session {name!r}; begin one with 'reset'")
                session = self._sessions[name] = _Session(self.make())
            self._sessions.move_to_end(name)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
            return session


def _drive(policy: Policy, message: Message, call: str) -> Message:
    if call == "reset":
        count = message.header.get("num_worlds")
        if not isinstance(count, int) or count < 1:
            raise WireError(f"num_worlds: expected a positive integer, found {count!r}")
        policy.reset(count)
        return Message({"policy": policy.name, "protocol": PROTOCOL})
    control = policy.act(observation_of(message))
    arrays = {"acceleration_mps2": control.acceleration_mps2, "steering_rad": control.steering_rad}
    return Message({"policy": policy.name}, arrays)


def serve_http(host: PolicyHost, address: str, port: int) -> ThreadingHTTPServer:
    """A bound HTTP server; `serve_forever` runs it, `server_address` holds the port.

    Raises:
        RoadloomError: the port cannot be opened.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60.0
        # Small answers are not to wait for more.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != PATH or not length.isdigit() or int(length) > MAX_BYTES:
                self.close_connection = True
                self._send(404 if self.path != PATH else 413, b"POST a message with its length to " + PATH.encode())
                return
            kind = self.headers.get("Content-Type", JSON_TYPE).partition(";")[0].strip()
            if kind not in (JSON_TYPE, ARRAYS_TYPE):
                self.close_connection = True
                self._send(415, f"send {JSON_TYPE} or {ARRAYS_TYPE}".encode())
                return
            body = self.rfile.read(int(length))
            status, reply = host.answer(body, kind, self.headers.get("Authorization", ""))
            self._send(status, reply, kind if status == 200 else "text/plain; charset=utf-8")

        def do_GET(self) -> None:
            known = self.path == "/v1/health"
            told: Mapping[str, Any] = {"policy": host.name, "protocol": PROTOCOL} if known else {"unknown": self.path}
            self._send(200 if known else 404, json.dumps(told).encode(), JSON_TYPE)

        def log_message(self, format: str, *args: Any) -> None:
            """Stays silent: bodies and tokens are nobody else's business."""

        def _send(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    try:
        server = ThreadingHTTPServer((address, port), Handler)
    except OSError as error:
        raise RoadloomError(f"cannot listen at {address}:{port}: {error}") from error
    server.daemon_threads = True
    return server


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m closed_loop.policies.remote_server", description=__doc__)
    parser.add_argument("--policy", default="idm", help="name of the policy, as `roadloom evaluate` takes it")
    parser.add_argument("--parameters", default="{}", help="its parameters, as JSON")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600, help="0 for any free one")
    parser.add_argument("--grpc", action="store_true", help="gRPC instead of HTTP")
    chosen = parser.parse_args(arguments)
    token = os.environ.get(TOKEN_ENV) or secrets.token_urlsafe(24)
    try:
        parameters = json.loads(chosen.parameters)
        host = PolicyHost(lambda: make_policy(chosen.policy, parameters), token)
        stop, port = _serving(host, chosen.host, chosen.port, chosen.grpc)
    except (RoadloomError, json.JSONDecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    if not os.environ.get(TOKEN_ENV):
        print(f"export {TOKEN_ENV}={token}", flush=True)
    print(f"{host.name} at {'grpc' if chosen.grpc else 'http'}://{chosen.host}:{port}", flush=True)
    stop()
    return 0


def _serving(host: PolicyHost, address: str, port: int, grpc: bool) -> tuple[Callable[[], None], int]:
    """What waits until the server is interrupted, and the port that it got."""
    if grpc:
        from closed_loop.policies.remote_grpc import serve_grpc

        running, bound = serve_grpc(host.answer, address, port)
        return lambda: _until_interrupt(running.wait_for_termination, lambda: running.stop(None)), bound
    server = serve_http(host, address, port)
    return lambda: _until_interrupt(server.serve_forever, server.server_close), int(server.server_address[1])


def _until_interrupt(wait: Callable[[], Any], end: Callable[[], Any]) -> None:
    try:
        wait()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    finally:
        end()


if __name__ == "__main__":
    sys.exit(main())
