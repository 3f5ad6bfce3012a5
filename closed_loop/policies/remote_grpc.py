"""Messages over gRPC: the method `/roadloom.v1.Policy/Call`, bytes in, bytes out; no protoc is needed.

The content type travels as metadata `roadloom-content-type`, the token as `authorization: Bearer ...`.
"""

from collections.abc import Callable
from typing import Any

from closed_loop.policies.remote import TryAgain
from closed_loop.policies.wire import ARRAYS_TYPE, MAX_BYTES
from driving_data.errors import MissingExtra, RoadloomError

METHOD = "/roadloom.v1.Policy/Call"
KIND_KEY = "roadloom-content-type"
OPTIONS = [("grpc.max_receive_message_length", MAX_BYTES), ("grpc.max_send_message_length", MAX_BYTES)]


def grpc_package() -> Any:
    """The package, imported when it is first needed.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import grpc
    except ImportError as error:
        raise MissingExtra("grpcio", "remote", "a policy over gRPC") from error
    return grpc


class GrpcTransport:
    """A channel to one server."""

    def __init__(self, target: str, timeout_s: float, token: str) -> None:
        self._grpc = grpc_package()
        self._target, self._timeout_s, self._token = target, timeout_s, token
        self._channel: Any = None

    def call(self, body: bytes, kind: str) -> bytes:
        """Sends a message."""
        if self._channel is None:
            self._channel = self._grpc.insecure_channel(self._target, options=OPTIONS)
        code = self._grpc.StatusCode
        metadata = (("authorization", f"Bearer {self._token}"), (KIND_KEY, kind))
        try:
            return self._channel.unary_unary(METHOD)(body, timeout=self._timeout_s, metadata=metadata)
        except self._grpc.RpcError as error:
            told = f"{error.code().name}: {error.details()}"
            if error.code() in (code.UNAVAILABLE, code.DEADLINE_EXCEEDED, code.RESOURCE_EXHAUSTED):
                raise TryAgain(told) from error
            raise RoadloomError(f"the policy's server at {self._target} refused: {told}") from error

    def close(self) -> None:
        """Drops the channel."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def serve_grpc(answer: Callable[[bytes, str, str], tuple[int, bytes]], host: str, port: int) -> tuple[Any, int]:
    """A running gRPC server and its port; `answer` takes body, content type and authorization, gives a status.

    Statuses are those of HTTP: 200, 400 (INVALID_ARGUMENT), 401 (UNAUTHENTICATED), 500 (INTERNAL).

    Raises:
        MissingExtra: gRPC is not installed.
        RoadloomError: the port cannot be opened.
    """
    from concurrent.futures import ThreadPoolExecutor

    grpc = grpc_package()
    codes = {400: grpc.StatusCode.INVALID_ARGUMENT, 401: grpc.StatusCode.UNAUTHENTICATED}

    def call(request: bytes, context: Any) -> bytes:
        metadata = dict(context.invocation_metadata())
        status, body = answer(request, metadata.get(KIND_KEY, ARRAYS_TYPE), metadata.get("authorization", ""))
        if status != 200:
            context.abort(codes.get(status, grpc.StatusCode.INTERNAL), body.decode("utf-8", "replace"))
        return body

    service, _, method = METHOD.strip("/").partition("/")
    handler = grpc.method_handlers_generic_handler(service, {method: grpc.unary_unary_rpc_method_handler(call)})
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=OPTIONS)
    server.add_generic_rpc_handlers((handler,))
    try:
        bound = server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise RoadloomError(f"cannot listen at {host}:{port}: {error}") from error
    if bound == 0:
        raise RoadloomError(f"cannot listen at {host}:{port}")
    server.start()
    return server, bound
