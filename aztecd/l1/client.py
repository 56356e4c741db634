"""The connection to an Ethereum node: JSON-RPC requests, single and batched, with our errors.

web3.py's HTTP provider carries the requests. Importing web3 takes half a second and 10 MB, so it is
imported when the first client is made, not when this module is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from aztecd.config_values import display_url
from aztecd.crypto.recursion import bounded_recursion
from aztecd.l1.errors import ContractRevertError, L1RpcError, L1UnavailableError, WrongChainError
from aztecd.l1.revert import ErrorTable

if TYPE_CHECKING:
    from web3.types import RPCEndpoint

__all__ = ["L1Client", "Request", "hex_quantity"]

Request = tuple[str, Sequence[Any]]

# Nodes limit the body of a request; Anvil's limit is 2 MB unless it is switched off.
_BATCH_BYTES = 1_500_000

# What reading an answer raises that is no JSON, or not an answer: broken proxies send such.
_NO_ANSWER = (ValueError, TypeError, AttributeError, KeyError)


def hex_quantity(value: int) -> str:
    """Write a number the way that JSON-RPC wants quantities."""
    return hex(value)


class L1Client:
    """Talks JSON-RPC to one Ethereum node.

    Safe to share between threads. Nothing is sent twice: whether a request may be repeated is the
    caller's decision, because only the caller knows what a lost answer means.
    """

    def __init__(self, url: str, *, errors: ErrorTable | None = None, timeout_s: float = 30.0) -> None:
        import requests  # noqa: PLC0415  (slow imports wait until there is a client)

        with bounded_recursion():
            from web3 import HTTPProvider  # noqa: PLC0415

        self.url = url
        self.errors = errors or ErrorTable()
        session = requests.Session()
        # A local node is never behind a proxy, and looking up the proxy settings costs more than the request.
        session.trust_env = urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}
        self._session = session
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_s},
            session=session,
            exception_retry_configuration=None,
        )
        self._transport_errors = (requests.RequestException, OSError)

    @property
    def display_url(self) -> str:
        """The address without user, password, path and query, which may hold credentials."""
        return display_url(self.url)

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()

    def call(self, method: str, *params: Any) -> Any:
        """Send one request and give its result.

        Raises:
            L1UnavailableError: the node can't be reached.
            ContractRevertError: the node says that a contract reverted.
            L1RpcError: any other JSON-RPC error.
        """
        try:
            response = self._provider.make_request(cast("RPCEndpoint", method), list(params))
        except (*self._transport_errors, *_NO_ANSWER) as error:
            raise self._unavailable(error) from error
        return self._result(method, self._checked(response))

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Send requests together and give their results in order; the first error is raised."""
        results = self.batch_settled(requests)
        for result in results:
            if isinstance(result, L1RpcError):
                raise result
        return results

    def batch_settled(self, requests: Sequence[Request]) -> list[Any]:
        """Send requests together; a refused one has its `L1RpcError` in the list instead of a result.

        Large batches are cut; an answer keeps its place. Raises L1UnavailableError.
        """
        results: list[Any] = []
        for part in _parts(requests):
            results += self._batch_once(part)
        return results

    def _batch_once(self, requests: Sequence[Request]) -> list[Any]:
        if not requests:
            return []
        calls = [(cast("RPCEndpoint", method), list(params)) for method, params in requests]
        try:
            responses = self._provider.make_batch_request(calls)
        except (*self._transport_errors, *_NO_ANSWER) as error:
            raise self._unavailable(error) from error
        if not isinstance(responses, list):  # one error for the whole batch
            if self._checked(responses).get("error") is None:
                raise L1UnavailableError(f"L1 node {self.display_url} gave one answer to a batch of requests")
            return [self._settle(method, responses) for method, _ in requests]
        # web3 has sorted them by id: one that is missing or there twice would shift those after it.
        answered = len({self._checked(response).get("id") for response in responses})
        if not answered == len(responses) == len(requests):
            raise L1UnavailableError(
                f"L1 node {self.display_url} answered {answered} of {len(requests)} batched requests"
            )
        return [
            self._settle(method, response) for (method, _), response in zip(requests, responses, strict=True)
        ]

    def chain_id(self) -> int:
        """The chain's number."""
        return int(self.call("eth_chainId"), 16)

    def require_chain(self, chain_id: int) -> None:
        """Raise WrongChainError unless the node serves that chain."""
        found = self.chain_id()
        if found != chain_id:
            raise WrongChainError(
                f"L1 node {self.display_url} serves chain id {found}, expected {chain_id}; "
                "check the L1 URL or set the chain id"
            )

    def _checked(self, response: Any) -> Mapping[str, Any]:
        """Require the form of an answer: a result, which may be null, or an error."""
        if not isinstance(response, Mapping) or ("result" not in response and response.get("error") is None):
            raise L1UnavailableError(f"L1 node {self.display_url} gave no JSON-RPC answer")
        return response

    def _settle(self, method: str, response: Mapping[str, Any]) -> Any:
        try:
            return self._result(method, response)
        except L1RpcError as error:
            return error

    def _result(self, method: str, response: Mapping[str, Any]) -> Any:
        error = response.get("error")
        if error is None:
            return response.get("result")
        if not isinstance(error, Mapping):
            raise L1RpcError(method, 0, str(error)[:500])
        given, message = error.get("code"), str(error.get("message", ""))[:1000]
        code = given if isinstance(given, int) else 0
        data = _revert_data(error.get("data"))
        if data or "revert" in message.lower():
            name, text = self.errors.describe(data)
            raise ContractRevertError(method, code, text or message, name=name, data=data)
        raise L1RpcError(method, code, message, data)

    def _unavailable(self, error: Exception) -> L1UnavailableError:
        _release(error)
        return L1UnavailableError(f"L1 node {self.display_url} does not answer: {type(error).__name__}")


def _release(error: BaseException | None) -> None:
    """Empty the frames that the HTTP libraries' errors passed through.

    They lead back to the errors, and they hold the request: while L1 is away, megabytes of blobs for each
    attempt would stay until somebody looks for reference cycles.
    """
    released: set[int] = set()
    while error is not None and id(error) not in released:
        released.add(id(error))
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _parts(requests: Sequence[Request]) -> list[Sequence[Request]]:
    parts: list[Sequence[Request]] = []
    start = size = 0
    for index, (_, params) in enumerate(requests):
        weight = 100 + sum(len(value) if isinstance(value, str) else 400 for value in params)
        if index > start and size + weight > _BATCH_BYTES:
            parts.append(requests[start:index])
            start, size = index, 0
        size += weight
    parts.append(requests[start:])
    return parts


def _revert_data(value: Any) -> bytes | None:
    """Find the revert bytes: Anvil and Geth give a hexadecimal string, Hardhat an object that holds one."""
    if isinstance(value, Mapping):
        value = value.get("data")
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            return None
    return None
