from __future__ import annotations

import asyncio
import threading

import pytest

from aztecd.errors import InvalidInputError, UnavailableError
from aztecd.node.writer import SerialWriter, WriterStoppedError


async def test_jobs_run_one_after_the_other_in_one_thread():
    writer = SerialWriter()
    running: list[int] = []
    threads = set()

    def job(number):
        running.append(number)
        assert len(running) == 1
        threads.add(threading.get_ident())
        running.remove(number)
        return number

    jobs = [writer.run("job", lambda number=number: job(number)) for number in range(20)]
    assert await asyncio.gather(*jobs) == list(range(20))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    await writer.close()


async def test_expected_errors_reach_the_caller_and_change_nothing():
    writer = SerialWriter()

    def fail():
        raise UnavailableError("away")

    with pytest.raises(UnavailableError, match="away"):
        await writer.run("fail", fail)
    assert await writer.run("next", lambda: 5) == 5
    assert writer.bug is None
    await writer.close()


async def test_a_bug_stops_the_writer():
    writer = SerialWriter()
    with pytest.raises(WriterStoppedError, match="met a bug"):
        await writer.run("divide", lambda: 1 // 0)
    assert isinstance(writer.bug, ZeroDivisionError)
    with pytest.raises(WriterStoppedError, match="was not started"):
        await writer.run("next", lambda: 5)
    await writer.close()


async def test_a_job_that_has_begun_is_finished_when_its_caller_goes():
    writer = SerialWriter()
    begun, may_end, done = threading.Event(), threading.Event(), []

    def job():
        begun.set()
        may_end.wait(10)
        done.append(True)

    task = asyncio.create_task(writer.run("job", job))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]
    await writer.close()


async def test_a_bug_in_a_job_whose_caller_goes_is_kept():
    writer = SerialWriter()
    begun, may_end = threading.Event(), threading.Event()

    def job():
        begun.set()
        may_end.wait(10)
        raise ZeroDivisionError

    task = asyncio.create_task(writer.run("job", job))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(writer.bug, ZeroDivisionError)
    await writer.close()


async def test_an_owner_of_jobs_can_stop_the_writer():
    writer = SerialWriter()
    first = InvalidInputError("the disk is full")
    writer.fail("miner", first)
    writer.fail("monitor", ZeroDivisionError())
    assert writer.bug is first
    with pytest.raises(WriterStoppedError):
        await writer.run("job", lambda: 1)
    await writer.close()


async def test_closing_waits_and_refuses():
    writer = SerialWriter()
    begun = threading.Event()
    may_end = threading.Event()
    done = []

    def job():
        begun.set()
        may_end.wait(10)
        done.append(True)

    task = asyncio.create_task(writer.run("job", job))
    await asyncio.to_thread(begun.wait, 10)
    closing = asyncio.create_task(writer.close())
    may_end.set()
    await asyncio.gather(task, closing)
    assert done == [True]
    with pytest.raises(WriterStoppedError):
        await writer.run("late", lambda: None)


def test_it_is_an_unavailable_error_and_no_invalid_input():
    assert issubclass(WriterStoppedError, UnavailableError)
    assert not issubclass(WriterStoppedError, InvalidInputError)
