"""A statement that would go on for minutes is cut off with an answer that says what to do."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from store.database import CutOff, Database

#: Counts for hours.
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT max(i) FROM n"


@pytest.fixture
def impatient(database_url: str) -> Iterator[Database]:
    database = Database(database_url, sync="normal", longest=0.3)
    yield database
    database.close()


def test_it_is_cut_off_and_the_connection_works_on(impatient: Database) -> None:
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(CutOff, match="ask for less"), impatient.read() as connection:
            connection.execute(text(ENDLESS)).all()
        assert time.monotonic() - began < 20
        with impatient.read() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    with pytest.raises(CutOff):
        impatient.run(_begun)
    with impatient.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM meta WHERE key = 'a'")).scalar_one() == 0


def _begun(connection: Connection) -> None:
    connection.execute(text("INSERT INTO meta (key, value) VALUES ('a', 'b')"))
    connection.execute(text(ENDLESS)).all()


def test_many_short_statements_may_take_as_long_as_they_like(impatient: Database) -> None:
    until = time.monotonic() + 0.6
    with impatient.read() as connection:
        while time.monotonic() < until:
            connection.execute(text("SELECT 1")).all()
