"""Moments and durations."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from conditions.times import DAY, EARLIEST, LATEST, Duration, duration_words, from_iso, micros_of, to_iso

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000), ("4w", 2_419_200)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert micros_of(text) == seconds * 1_000_000


@pytest.mark.parametrize(
    "wrong", ["", "0d", "-1d", "1", "d", "1.5h", "1 d", "1D", "1y", "٣d", "3d\n", 3, None, True]
)
def test_anything_else_is_no_duration_and_the_error_says_what_is(wrong: object) -> None:
    with pytest.raises(ValidationError, match="90s, 15m, 12h, 30d or 4w"):
        TypeAdapter(Duration).validate_python(wrong)


def test_a_duration_is_kept_as_written_and_read_in_words() -> None:
    assert TypeAdapter(Duration).validate_python("36h") == "36h"
    assert [duration_words(text) for text in ("1d", "3d", "1w")] == ["1 day", "3 days", "1 week"]


@given(st.integers(EARLIEST, LATEST))
def test_every_moment_survives_its_text(moment: int) -> None:
    text = to_iso(moment)
    assert from_iso(text) == moment
    assert len(text) == 27


@given(st.integers(EARLIEST, LATEST), st.integers(EARLIEST, LATEST))
def test_the_order_of_texts_is_the_order_in_time(first: int, second: int) -> None:
    assert (to_iso(first) < to_iso(second)) is (first < second)


@given(st.datetimes(), st.integers(-1439, 1439))
def test_any_offset_is_understood(naive: datetime, minutes: int) -> None:
    assume(2 <= naive.year <= 9998)
    sign = "-" if minutes < 0 else "+"
    text = f"{naive.isoformat(timespec='microseconds')}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    expected = naive.replace(tzinfo=UTC) - timedelta(minutes=minutes) - EPOCH
    assert from_iso(text) == expected // timedelta(microseconds=1)


def test_a_date_is_its_midnight_and_no_offset_means_utc() -> None:
    assert from_iso("1970-01-02") == DAY
    assert from_iso("1970-01-02T00:00") == from_iso("1970-01-02 00:00:00.0Z") == DAY


@pytest.mark.parametrize(
    "written",
    [
        *("2026-11-22t01:42:14.5z", "2026-11-22 01:42:14.5000009Z", "2026-11-22T01:42:14.500000000+0000"),
        *("2026-11-22T03:42:14.5+0200", "2026-11-22T03:42:14.5+02", "2026-11-21T23:42:14.5-02:00"),
    ],
)
def test_what_other_programs_write_is_the_same_moment(written: str) -> None:
    assert from_iso(written) == from_iso("2026-11-22T01:42:14.500000Z")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("15/05/2020", "as day, month, year it would be 2020-05-15"),
        ("15.5.2020 10:30", "as day, month, year it would be 2020-05-15"),
        ("05/15/2020", "as month, day, year it would be 2020-05-15"),
        ("31182", "as a spreadsheet's number of a day it would be 1985-05-15"),
        ("1763775734", "as seconds since 1970 it would be 2025-11-22T01:42:14Z"),
        ("1763775734000", "as milliseconds since 1970 it would be 2025-11-22T01:42:14Z"),
        ("1763775734000000", "as microseconds since 1970 it would be 2025-11-22T01:42:14Z"),
    ],
)
def test_what_is_likely_meant_is_said_in_the_form_that_is_read(wrong: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"is not a date or time; write .*; {meant}$"):
        from_iso(wrong)


@pytest.mark.parametrize("wrong", ["05/06/2020", "99/99/2020", "30/02/2020", "123", "99999999999999999999"])
def test_what_could_be_two_things_is_not_guessed(wrong: str) -> None:
    with pytest.raises(ValueError, match="write 2026-11-22 or 2026-11-22T01:42:14Z$"):
        from_iso(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "now", "2026-02-29", "2026-13-01", "2026-01-01T25:00", "20260101", "1e3"]
)
def test_what_is_no_moment_is_refused_with_the_remedy(wrong: str) -> None:
    with pytest.raises(ValueError, match="write 2026-11-22 or 2026-11-22T01:42:14Z"):
        from_iso(wrong)
