"""The SDK's objects without asyncio."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from aztecd.client.blocking import Blocking, LoopThread, unwrap


class Account:
    """An object as the SDK has them: its module says so."""

    __module__ = "aztecd.client.example"

    def __init__(self, name):
        self.name = name
        self.events = []

    async def greet(self, other):
        await asyncio.sleep(0)
        assert isinstance(other, Account), "arguments come unwrapped"
        return f"{self.name} greets {other.name}"

    async def child(self):
        return Account(f"{self.name}'s child")

    @asynccontextmanager
    async def visit(self, *, fails=False):
        if fails:
            raise ZeroDivisionError
        task = asyncio.current_task()
        self.events.append("in")
        try:
            yield Account("visitor")
        finally:
            assert asyncio.current_task() is task, "one task enters and leaves"
            self.events.append("out")


@pytest.fixture
def alice():
    thread = LoopThread()
    yield Blocking(Account("alice"), thread)
    thread.close()


def test_methods_wait_and_their_results_are_wrapped(alice):
    child = alice.child()
    assert isinstance(child, Blocking)
    assert child.name == "alice's child"
    assert alice.greet(child) == "alice greets alice's child"
    assert isinstance(unwrap(child), Account)


def test_contexts_are_entered_and_left(alice):
    with alice.visit() as visitor:
        assert isinstance(visitor, Blocking)
        assert visitor.greet(alice) == "visitor greets alice"
        assert alice.events == ["in"]
    assert alice.events == ["in", "out"]


def test_contexts_are_left_after_an_error(alice):
    with pytest.raises(KeyError), alice.visit():
        raise KeyError
    assert alice.events == ["in", "out"]
    with pytest.raises(ZeroDivisionError), alice.visit(fails=True):
        pass
    assert alice.events == ["in", "out"]
