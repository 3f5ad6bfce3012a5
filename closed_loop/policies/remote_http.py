"""Messages over HTTP with the standard library: one kept connection, POST /v1/policy."""

import http.client
import ssl
from urllib.parse import urlsplit

from closed_loop.policies.remote import TryAgain
from driving_data.errors import RoadloomError

PATH = "/v1/policy"
_BUSY = (429, 502, 503, 504)


class HttpTransport:
    """A connection to one server, opened when it is first used. https checks the server's certificate."""

    def __init__(self, address: str, timeout_s: float, token: str) -> None:
        parts = urlsplit(address)
        self._secure, self._host = parts.scheme == "https", parts.hostname or ""
        self._port, self._path = parts.port, parts.path.rstrip("/") + PATH
        self._timeout_s, self._token = timeout_s, token
        self._connection: http.client.HTTPConnection | None = None

    def call(self, body: bytes, kind: str) -> bytes:
        """Posts a message."""
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self._token}"}
        try:
            connection = self._connected()
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise TryAgain(f"{type(error).__name__}: {error}") from error
        if response.status == 200:
            return data
        told = f"{response.status} {response.reason}: {data[:500].decode('utf-8', 'replace')}"
        if response.status in _BUSY:
            raise TryAgain(told)
        raise RoadloomError(f"the policy's server at {self._host} refused: {told}")

    def close(self) -> None:
        """Drops the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._secure:
                context = ssl.create_default_context()
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout_s, context=context
                )
            else:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return self._connection
