"""A node that expects one call at a time and answers it as recorded."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from typing import TYPE_CHECKING, Any

from aztecd.node.api import NodeApi

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = sorted(name for name in vars(NodeApi) if not name.startswith("_"))
ASYNC_OPERATIONS = {name for name in OPERATIONS if inspect.iscoroutinefunction(getattr(NodeApi, name))}


class FakeNode:
    """Has every operation of NodeApi; `answer` says what the next calls do.

    Each change of the answer counts as a change of state, so that no cached answer hides it.
    """

    def __init__(self) -> None:
        # The last calls only: what they were given would pile up in tests of memory.
        self.calls: deque[tuple[str, tuple[Any, ...], dict[str, Any]]] = deque(maxlen=8)
        self.state_version = 0
        self.reorg_count = 0
        self._answer: Callable[..., Any] = _unexpected
        for name in OPERATIONS:
            setattr(self, name, self._operation(name))

    def answer(self, answer: Callable[..., Any]) -> None:
        """Let operations call `answer(name, *args, **options)`."""
        self.calls.clear()
        self.state_version += 1
        self.reorg_count += 1
        self._answer = answer

    def returns(self, value: Any) -> None:
        """Let operations give this value."""
        self.answer(lambda *_, **__: value)

    def raises(self, error: BaseException) -> None:
        """Let operations raise this error."""

        def refuse(*_: Any, **__: Any) -> Any:
            raise error

        self.answer(refuse)

    def _operation(self, name: str) -> Callable[..., Any]:
        def operation(*args: Any, **options: Any) -> Any:
            self.calls.append((name, args, options))
            return self._answer(name, *args, **options)

        async def slow(*args: Any, **options: Any) -> Any:
            await asyncio.sleep(0)
            value = operation(*args, **options)
            return await value if inspect.isawaitable(value) else value

        return slow if name in ASYNC_OPERATIONS else operation


def _unexpected(name: str, *_: Any, **__: Any) -> Any:
    raise AssertionError(f"{name} was called")
