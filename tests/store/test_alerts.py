"""The hourly limit of e-mails to one recipient, and what it counts of those that it holds back."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random

from store.database import Database
from store.follow_ups import alerts
from store.follow_ups.alerts import ALERTS, DIGESTS, HOUR

MINUTE = HOUR // 60
START = 1_000 * HOUR
_ids = count()


def admit(
    database: Database, minutes: float, recipient: str = "sales", *, most: int = 2, automation: str = "hot"
) -> bool:
    now = START + int(minutes * MINUTE)
    return database.run(
        lambda connection: alerts.admit(connection, f"m{next(_ids)}", recipient, automation, now, most)
    )


def digests(database: Database) -> list[tuple[int, int, int, dict[str, int]]]:
    """Opened and due, in minutes, how many and by which automations."""
    with database.read() as connection:
        rows = connection.execute(DIGESTS.select().order_by(DIGESTS.c.due_at)).mappings().all()
    return [
        (
            (row["opened_at"] - START) // MINUTE,
            (row["due_at"] - START) // MINUTE,
            row["held"],
            row["automations"],
        )
        for row in rows
    ]


def test_what_is_beyond_the_limit_is_held_back_and_counted(database: Database) -> None:
    assert [admit(database, minute) for minute in (0, 10, 20, 30)] == [True, True, False, False]
    assert admit(database, 40, automation="cold") is False
    assert digests(database) == [(20, 80, 3, {"hot": 2, "cold": 1})]


def test_within_the_limit_there_is_no_digest(database: Database) -> None:
    assert [admit(database, minute) for minute in (0, 10, 60, 70, 120)] == [True] * 5
    assert digests(database) == []


def test_recipients_are_counted_one_by_one(database: Database) -> None:
    assert [admit(database, 0, who, most=1) for who in ("a", "b", "a", "b")] == [True, True, False, False]
    assert [digest[2] for digest in digests(database)] == [1, 1]


def test_what_comes_when_a_digest_is_due_is_another_ones(database: Database) -> None:
    """The digest has its place: one e-mail at 80, so that one is left of two."""
    assert [admit(database, minute) for minute in (0, 10, 20, 79)] == [True, True, False, True]
    assert [admit(database, minute) for minute in (80, 90)] == [False, False]
    assert digests(database) == [(20, 80, 1, {"hot": 1}), (80, 140, 2, {"hot": 2})]


def test_one_that_is_being_sent_counts_no_more(database: Database) -> None:
    """Clocks of workers differ: for this one the hour is not over."""
    assert [admit(database, minute) for minute in (0, 10, 20)] == [True, True, False]
    row = database.run(lambda connection: alerts.claim(connection, START + 80 * MINUTE, START + 85 * MINUTE))
    assert row is not None
    assert (row["held"], row["counting"]) == (1, False)
    assert admit(database, 79.5) is True
    assert admit(database, 79.6) is False
    assert [digest[2] for digest in digests(database)] == [1, 1]


def test_a_digest_is_one_workers(database: Database) -> None:
    assert [admit(database, minute) for minute in (0, 10, 20)] == [True, True, False]

    def claimed(minute: int) -> str | None:
        now = START + minute * MINUTE
        row = database.run(lambda connection: alerts.claim(connection, now, now + 5 * MINUTE))
        return None if row is None else row["id"]

    assert claimed(79) is None
    first = claimed(80)
    assert first is not None
    assert claimed(84) is None
    assert claimed(85) == first


def test_no_hour_has_more_than_the_limit_with_digests_and_all(database: Database) -> None:
    random = Random(7)
    sent: list[int] = []
    held = 0
    minute = 0
    for _ in range(300):
        minute += random.choice((0, 1, 2, 15))
        if admit(database, minute, most=3):
            sent.append(minute)
        else:
            held += 1
    of_all = digests(database)
    assert sum(digest[2] for digest in of_all) == held
    assert held > 50
    every = sorted([*sent, *(due for _, due, _, _ in of_all if due <= minute)])
    for end in every:
        assert len([at for at in every if end - 60 < at <= end]) <= 3


def test_shards_that_are_written_side_by_side_share_the_limit(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        admitted = list(pool.map(lambda number: admit(database, number / 100, most=10), range(60)))
    assert admitted.count(True) == 10
    assert [digest[2] for digest in digests(database)] == [50]


def test_what_is_older_than_an_hour_is_forgotten(database: Database) -> None:
    for minute in (0, 10, 100):
        admit(database, minute)
    with database.read() as connection:
        assert connection.execute(ALERTS.select()).fetchall()[0].at == START + 100 * MINUTE
        assert len(connection.execute(ALERTS.select()).fetchall()) == 1
