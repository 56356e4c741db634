"""The SDK for programs without asyncio: the same objects, whose waiting methods wait.

An event loop runs in a thread of its own. What comes from the SDK is wrapped in turn; plain values, such as
addresses and numbers, pass as they are.

    with connect_blocking(url, setup) as client:
        account = client.create_account()
        token = client.contract(address, artifact)
        balance = token.methods.balance_of_public(account.address).simulate(sender=account.address).value
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from aztecd.client.connection import connect
from aztecd.wallet.opening import WalletSetup

__all__ = ["Blocking", "LoopThread", "connect_blocking", "unwrap"]

T = TypeVar("T")

_PACKAGES: Final = ("aztecd.client", "aztecd.wallet")


class LoopThread:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="aztecd-client", daemon=True)
        self._thread.start()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end. Raises what it raises, and KeyboardInterrupt, which cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Blocking:
    """An object of the SDK whose coroutines are waited for."""

    __slots__ = ("_target", "_thread")

    def __init__(self, target: object, thread: LoopThread) -> None:
        """Wrap an object; its coroutines run in the thread."""
        self._target = target
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        return self._wrapped(getattr(self._target, name))

    def __getitem__(self, name: Any) -> Any:
        target: Any = self._target
        return self._wrapped(target[name])

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the object, such as a function of a contract."""
        target: Any = self._target
        return self._finish(target, *arguments, **options)

    def __repr__(self) -> str:
        return f"Blocking({self._target!r})"

    def _wrapped(self, value: Any) -> Any:
        if inspect.ismethod(value) or inspect.isfunction(value):

            def call(*arguments: Any, **options: Any) -> Any:
                return self._finish(value, *arguments, **options)

            return call
        return Blocking(value, self._thread) if _is_ours(value) else value

    def _finish(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        result = function(
            *(unwrap(item) for item in arguments), **{name: unwrap(item) for name, item in options.items()}
        )
        if inspect.iscoroutine(result):
            result = self._thread.wait(result)
        if isinstance(result, AbstractAsyncContextManager):
            return _entered(result, self._thread)
        return self._wrapped(result)


def unwrap(value: Any) -> Any:
    """Give what is inside of a wrapped object, or the value itself."""
    return value._target if isinstance(value, Blocking) else value  # noqa: SLF001 - a friend


@contextmanager
def connect_blocking(
    url: str,
    setup: WalletSetup,
    *,
    data_dir: Path | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Any]:
    """Open a wallet against a node for a program without asyncio. Raises as `connect`."""
    thread = LoopThread()
    try:
        with _entered(connect(url, setup, data_dir=data_dir, headers=headers), thread) as client:
            yield client
    finally:
        thread.close()


@contextmanager
def _entered(context: AbstractAsyncContextManager[Any], thread: LoopThread) -> Iterator[Any]:
    """Enter a context of the SDK, and give what it gives. Raises as entering and leaving do."""
    # One task enters and leaves the context: task groups insist on it.
    stop, ready = thread.wait(_make_signals())
    task = asyncio.run_coroutine_threadsafe(_hold(context, ready, stop), thread.loop)
    entered = thread.wait(ready.get())
    if entered is None:
        task.result()
    try:
        yield Blocking(entered, thread)
    finally:
        thread.wait(_set(stop))
        task.result()


async def _make_signals() -> tuple[asyncio.Event, asyncio.Queue[Any]]:
    return asyncio.Event(), asyncio.Queue()


async def _set(event: asyncio.Event) -> None:
    event.set()


async def _hold(
    context: AbstractAsyncContextManager[Any], ready: asyncio.Queue[Any], stop: asyncio.Event
) -> None:
    try:
        async with context as entered:
            ready.put_nowait(entered)
            await stop.wait()
    finally:
        # Whoever waits learns that there is nothing.
        ready.put_nowait(None)


def _is_ours(value: Any) -> bool:
    return type(value).__module__.startswith(_PACKAGES)
