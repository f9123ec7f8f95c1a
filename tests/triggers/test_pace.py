"""The storm limit: how many may start when."""

import pytest

from triggers.evaluate import Window, take_start

MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("times", "at", "expected"),
    [
        (3, [0, 0, 0], [0, 0, 0]),
        (3, [0] * 7, [0, 0, 0, 60, 60, 60, 120]),
        (1, [0, 10, 20], [0, 60, 120]),
        (2, [0, 30, 59, 61], [0, 30, 60, 61]),
        (2, [0, 0, 0, 200], [0, 0, 60, 200]),
        (2, [5, 65, 65, 65], [5, 65, 65, 125]),
    ],
)
def test_starts_beyond_the_limit_wait_for_the_windows_that_follow(
    times: int, at: list[int], expected: list[int]
) -> None:
    window: Window | None = None
    starts = []
    for second in at:
        window, start = take_start(window, (times, MINUTE), second * 1_000_000)
        starts.append(start // 1_000_000)
    assert starts == expected
