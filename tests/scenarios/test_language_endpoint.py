"""The front end over a chat-completions server: a real local one, which errs first and is put right by our letters."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from driving_data.errors import InputError
from scenarios.language.endpoint import Endpoint, EndpointError, configured, read_with, reading_schema, slots_schema
from scenarios.language.realise.validity import faults_of
from scenarios.language.slots import ActorSlots, Slots
from tests.effort import examples
from tests.scenarios.language_parts import Plain, plain_slots

TEXT = "A deer crosses at dusk, unhurriedly."
RIGHT = Slots(light="dusk", actors=(ActorSlots("animal", 1, ("crossing",), ("cross",)),))
KEY = "sk-very-secret-0123"


def answer_of(slots: Any, left: Any = ("unhurriedly",)) -> str:
    return json.dumps({"slots": slots, "not_understood": list(left)})


@dataclass
class Server:
    """Speaks the protocol; answers with `answers` in turn, and keeps what it was asked."""

    answers: list[Any]
    status: int = 200
    wait: threading.Event | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(server: Server) -> Generator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append({"path": self.path, **body})
            server.headers.append(dict(self.headers.items()))
            if server.wait is not None:
                server.wait.wait(5.0)
            answer = server.answers[min(len(server.asked), len(server.answers)) - 1]
            message = {"choices": [{"message": {"role": "assistant", "content": answer}}]}
            data = answer if isinstance(answer, bytes) else json.dumps(message).encode()
            self.send_response(server.status)
            if server.status == 307:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def test_wrong_answers_are_put_right_by_letters(tmp_path: Path) -> None:
    wrong = RIGHT.to_plain()
    wrong["light"], wrong["actors"][0]["class"] = "dsuk", "deer"
    with serving(Server(["Here you are: {", answer_of(wrong), answer_of(RIGHT.to_plain())])) as server:
        endpoint = Endpoint(f"{server.url}/", "some-model", KEY, log=tmp_path / "log" / "talk.jsonl")
        reading = read_with(endpoint, TEXT)
    assert reading.slots == RIGHT and reading.not_understood == ("unhurriedly",) and reading.text == TEXT
    assert "3 rounds" in reading.assumed[0]
    first, second, third = server.asked
    assert first["path"] == "/v1/chat/completions" and first["model"] == "some-model"
    assert first["response_format"]["json_schema"]["schema"] == reading_schema()
    assert "no JSON" in second["messages"][-1]["content"]
    letter = third["messages"][-1]["content"]
    assert "slots.light: 'dsuk'" in letter and "did you mean 'dusk'?" in letter and "slots.actors[0].class" in letter
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    log = [json.loads(line) for line in (tmp_path / "log" / "talk.jsonl").read_text().splitlines()]
    assert [line["round"] for line in log] == [1, 1, 2, 2, 3, 3]
    assert "request" in log[0] and "response" in log[1]


def test_keys_are_never_written(tmp_path: Path) -> None:
    log = tmp_path / "talk.jsonl"
    with serving(Server([f"your key is {KEY}".encode()], status=401)) as server:
        endpoint = Endpoint(server.url, "m", KEY, log=log)
        with pytest.raises(EndpointError, match=r"answered 401.*\[hidden\]") as caught:
            read_with(endpoint, TEXT)
    assert KEY not in str(caught.value) and KEY not in log.read_text() and KEY not in repr(endpoint)
    assert "[hidden]" in log.read_text()


def test_it_gives_up_after_the_last_round_with_the_faults() -> None:
    with serving(Server([answer_of({"light": "blue"})])) as server, pytest.raises(InputError) as caught:
        read_with(Endpoint(server.url, "m", max_rounds=2), TEXT)
    assert len(server.asked) == 2
    assert {"missing-key", "unknown-word"} <= {fault.code for fault in caught.value.faults}


def test_spans_must_stand_in_the_text() -> None:
    with serving(
        Server([answer_of(RIGHT.to_plain(), ["slowly"]), f"```json\n{answer_of(RIGHT.to_plain())}\n```"])
    ) as s:
        assert read_with(Endpoint(s.url, "m"), TEXT).slots == RIGHT
    assert "letter by letter" in s.asked[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("answer", "status", "match"),
    [
        (b"<html>", 200, "no JSON"),
        (b'{"error": "x"}', 200, "no chat completion"),
        (b'{"choices": [{"message": {"content": null, "refusal": "no"}}]}', 200, "without a text: no"),
        (b"[" * 50_000, 200, "no JSON|more than"),
        (b"x" * 4000, 200, "more than 3000 bytes"),
        (b"overloaded", 503, "answered 503: overloaded"),
        (b"", 307, "answered 307"),
    ],
)
def test_servers_that_fail_are_named(answer: bytes, status: int, match: str) -> None:
    with serving(Server([answer], status)) as server, pytest.raises(EndpointError, match=match):
        read_with(Endpoint(server.url, "m", max_bytes=3000), TEXT)
    assert len(server.asked) == 1


def test_a_silent_server_is_not_waited_for() -> None:
    wait = threading.Event()
    with serving(Server(["x"], wait=wait)) as server:
        with pytest.raises(EndpointError, match=r"did not answer within 0.2 s"):
            read_with(Endpoint(server.url, "m", timeout_s=0.2), TEXT)
        wait.set()


def test_a_server_that_is_not_there() -> None:
    with serving(Server(["x"])) as server:
        gone = server.url
    with pytest.raises(EndpointError, match="cannot be reached"):
        read_with(Endpoint(gone, "m"), TEXT)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "bad-scheme"), ("ftp://host/v1", "bad-scheme"), ("host:80/v1", "bad-scheme"),
        ("http://", "bad-address"), ("http://host:port/v1", "bad-scheme"),
        ("http://me:pw@host/v1", "secret-in-address"),
    ],
)  # fmt: skip
def test_wrong_addresses_are_refused(url: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        Endpoint(url, "m")
    assert code in {fault.code for fault in caught.value.faults} and "pw" not in str(caught.value)


def test_there_is_no_default_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "MODEL", "KEY"):
        monkeypatch.delenv(f"ROADLOOM_LANGUAGE_{name}", raising=False)
    with pytest.raises(InputError) as caught:
        configured()
    assert [fault.path for fault in caught.value.faults] == ["endpoint.base_url", "endpoint.model"]
    monkeypatch.setenv("ROADLOOM_LANGUAGE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("ROADLOOM_LANGUAGE_MODEL", "m")
    assert configured() == Endpoint("http://127.0.0.1:1/v1", "m")
    assert configured(model="n", timeout_s=3.0).model == "n"


def test_texts_are_limited() -> None:
    with pytest.raises(InputError, match="at most 20000"):
        read_with(Endpoint("http://127.0.0.1:1/v1", "m"), "x" * 20_001)


@given(plain_slots())
@settings(max_examples=examples(60))
def test_the_schema_and_the_check_agree_on_right_slots(plain: Plain) -> None:
    jsonschema.validate(plain, slots_schema())
    assert faults_of(plain) == []
    assert Slots.from_plain(plain).to_plain() == plain


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("light",), "noon"), (("weather",), "rain"), (("road", "lanes_per_direction"), 0), (("road", "signalized"), 1),
        (("ego", "speed_mps"), [1.0]), (("ego", "speed_mps"), [-1.0, 2.0]), (("ego", "speed_mps"), ["1", 2.0]),
        (("actors", 0, "count"), 0), (("actors", 0, "count"), True), (("actors", 0, "class"), None),
        (("actors", 0, "trigger"), {"kind": "distance"}), (("actors",), None), (("colour",), "red"),
        (("negations",), ["no dragons"]), (("v2x",), {"latency_ms": None, "loss": [0.0, 2.0]}),
    ],
)  # fmt: skip
def test_the_schema_and_the_check_agree_on_wrong_slots(path: tuple[str | int, ...], value: Any) -> None:
    plain: Any = RIGHT.to_plain()
    target = plain
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert faults_of(plain)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, slots_schema())
