"""Deadlines of a stream, in moments so short that a test can wait for them."""

import asyncio

import pytest

from gateway.deadlines import Deadlines, Limits
from gateway.errors import CallFailed

NEVER = 60.0


async def silence() -> None:
    await asyncio.sleep(NEVER)


async def test_what_ends_in_time_is_left_alone() -> None:
    async with Deadlines(Limits(NEVER, NEVER, NEVER)) as deadlines:
        deadlines.note_bytes()
        deadlines.note_begin()

    await asyncio.sleep(0)
    assert deadlines.broken == ""


async def test_nothing_at_all_breaks_the_first_deadline() -> None:
    with pytest.raises(CallFailed) as failed:
        async with Deadlines(Limits(0.02, NEVER, NEVER)):
            await silence()

    assert failed.value.code == "first_byte_timeout"


async def test_bytes_that_are_no_data_do_not_count_as_a_beginning() -> None:
    with pytest.raises(CallFailed) as failed:
        async with Deadlines(Limits(0.05, NEVER, NEVER)) as deadlines:
            while True:
                deadlines.note_bytes()
                await asyncio.sleep(0.005)

    assert failed.value.code == "first_byte_timeout"


async def test_silence_in_the_middle_breaks_the_second() -> None:
    with pytest.raises(CallFailed) as failed:
        async with Deadlines(Limits(NEVER, 0.02, NEVER)) as deadlines:
            deadlines.note_bytes()
            deadlines.note_begin()
            async with asyncio.timeout(10):  # long before the first byte would have been missed
                await silence()

    assert failed.value.code == "stalled"


async def test_dripping_for_ever_breaks_the_last() -> None:
    with pytest.raises(CallFailed) as failed:
        async with Deadlines(Limits(NEVER, NEVER, 0.05)) as deadlines:
            deadlines.note_begin()
            while True:
                deadlines.note_bytes()
                await asyncio.sleep(0.005)

    assert failed.value.code == "total_timeout"


async def test_somebody_elses_cancelling_stays_a_cancelling() -> None:
    async def stream() -> None:
        async with Deadlines(Limits(NEVER, NEVER, NEVER)):
            await silence()

    task = asyncio.create_task(stream())
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_inside_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Deadlines(Limits(NEVER, NEVER, NEVER)):
            raise ZeroDivisionError


async def test_no_timer_is_left_behind() -> None:
    async with Deadlines(Limits(0.01, 0.01, 0.01)) as deadlines:
        pass
    await asyncio.sleep(0.05)

    assert deadlines.broken == ""
