"""GET over HTTP with bounds: on the time that it takes and on what comes back.

Addresses may hold credentials (user and password, a key in path or query). They never get into messages, and
what the HTTP library says, which quotes addresses, is left out of them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from aztecd.config_values import display_url
from aztecd.l1.blobs.errors import BlobSourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

__all__ = ["HttpAnswer", "HttpReader", "is_http_url"]

_OK: Final = 200
_CHUNK: Final = 1 << 16
_MAX_ERROR_BYTES: Final = 1 << 16
"""Of an answer that is not used, so much is read, because the connection can then be used again."""
_MAX_REDIRECTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A status and, when it is 200, the body."""

    status: int
    body: bytes


class HttpReader:
    """Reads below one base address. Safe to share between threads.

    `timeout_s` bounds the wait for a connection and for each part of an answer, `total_s` the whole answer.
    """

    def __init__(
        self,
        base: str,
        *,
        timeout_s: float = 10.0,
        total_s: float = 60.0,
        headers: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import requests  # noqa: PLC0415 -- slow to import, and most nodes need none of this
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 -- as above

        parts = urlsplit(base)
        self.display_url = display_url(base)
        self._base = parts
        self._timeout_s = timeout_s
        self._total_s = total_s
        self._clock = clock
        self._failures = (requests.RequestException, HTTPError, OSError)
        self._session = requests.Session()
        self._session.max_redirects = _MAX_REDIRECTS
        # Nobody needs cookies here, and a server could fill the memory with them.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(headers or {})
        # This machine is never behind a proxy, and looking up the proxy settings costs more than the request.
        self._session.trust_env = parts.hostname not in {"127.0.0.1", "localhost", "::1"}

    def get(self, path: str, *, max_bytes: int, query: str = "") -> HttpAnswer:
        """Read what is at a path below the base address.

        Raises BlobSourceError: the server can't be reached, breaks off, takes too long or sends too much.
        """
        deadline = self._clock() + self._total_s
        try:
            with self._session.get(
                self._address(path, query), stream=True, timeout=self._timeout_s
            ) as response:
                return self._read(response, max_bytes, deadline)
        except self._failures as error:
            # No cause: its text has the whole address.
            raise BlobSourceError(f"{self.display_url} does not answer: {type(error).__name__}") from None

    def _read(self, response: requests.Response, max_bytes: int, deadline: float) -> HttpAnswer:
        is_wanted = response.status_code == _OK
        limit = max_bytes if is_wanted else _MAX_ERROR_BYTES
        parts: list[bytes] = []
        size = 0
        # `read1` gives what has arrived; `read` would wait for a full part, whatever time a server takes.
        while part := response.raw.read1(_CHUNK, decode_content=True):
            size += len(part)
            if size > limit:
                if is_wanted:
                    raise BlobSourceError(f"{self.display_url} sends more than {max_bytes} bytes")
                break
            if self._clock() > deadline:
                raise BlobSourceError(f"{self.display_url} takes more than {self._total_s:g} s for an answer")
            if is_wanted:
                parts.append(part)
        return HttpAnswer(status=response.status_code, body=b"".join(parts))

    def _address(self, path: str, query: str) -> str:
        base = self._base
        whole_query = "&".join(part for part in (base.query, query) if part)
        return urlunsplit((base.scheme, base.netloc, f"{base.path.rstrip('/')}/{path}", whole_query, ""))


def is_http_url(text: str) -> bool:
    """Whether a text is an address that can be read from."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
