"""The list of those who were erased for good."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from conditions.times import Micros
from store.intake import suppressed
from store.tables import SuppressedName, Suppression, table

SUPPRESSIONS, NAMES = table(Suppression), table(SuppressedName)


def add(
    connection: Connection, suppression_id: str, names: Collection[str], reason: str, secret: str, now: Micros
) -> None:
    """Suppress somebody, whom `names` stand for. Intake is closed."""
    connection.execute(insert(SUPPRESSIONS).values(id=suppression_id, created_at=now, reason=reason, met=0))
    hashes = suppressed.hashed(names, suppressed.secret(connection, secret))
    rows = [{"hash": hash_, "suppression_id": suppression_id} for hash_ in sorted(hashes.values())]
    connection.execute(insert(NAMES), rows)


def find_all(connection: Connection, before: str | None, limit: int) -> list[RowMapping]:
    """The newest first, those before `before`."""
    query = select(SUPPRESSIONS).order_by(SUPPRESSIONS.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(SUPPRESSIONS.c.id < before)
    return list(connection.execute(query).mappings())


def count(connection: Connection) -> int:
    number: int = connection.execute(select(func.count()).select_from(SUPPRESSIONS)).scalar_one()
    return number


def lift(connection: Connection, suppression_id: str) -> bool:
    """Forget a suppression; False when there is none of this id."""
    connection.execute(delete(NAMES).where(NAMES.c.suppression_id == suppression_id))
    return connection.execute(delete(SUPPRESSIONS).where(SUPPRESSIONS.c.id == suppression_id)).rowcount > 0
