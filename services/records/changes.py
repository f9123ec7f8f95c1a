"""How scores have moved: every recorded change, of all records."""

from conditions.problems import suggestion
from conditions.times import Micros
from services import cursors
from services.answers import Page
from services.design.profile_cache import ProfileCache
from services.records.answers import RecordChange
from services.records.kinds import Kind, ids_of
from services.records.scores import changes_of
from services.resources import BadParameter, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import contacts, deals, score_reads


class ScoreChanges:
    """Lists changes of scores."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._resources = resources
        self._profiles = profiles

    def find(
        self,
        *,
        profile: str | None = None,
        contact: str | None = None,
        deal: str | None = None,
        since: Micros = 0,
        cursor: str | None,
        limit: int,
    ) -> Page[RecordChange]:
        """By profile, record, and then in the order in which they were made. Those of unpublished profiles are gone."""
        place = cursors.decode(cursor, "all-changes", (int, int, int))
        after = (place[0], place[1], place[2]) if place else (0, 0, 0)
        if contact is not None and deal is not None:
            raise BadParameter("deal", "name a contact or a deal; each has scores of its own")
        kind: Kind | None = "contact" if contact is not None else "deal" if deal is not None else None
        with self._resources.database.read() as connection:
            changes = score_reads.changes_after(
                connection,
                profile_ids=self._profile_ids(connection, profile, kind),
                record_id=next(iter(ids_of(connection, contact, deal).values()), None),
                since=since,
                after=after,
                limit=limit + 1,
            )
            taken, following = cursors.cut(changes, limit, "all-changes", _place)
            return Page[RecordChange](items=_told(connection, taken), next=following)

    def _profile_ids(self, connection: Connection, key: str | None, kind: Kind | None) -> list[int]:
        kinds = definitions.kinds(connection)
        published = definitions.published_profiles(connection)
        ids = [one.id for one in published if kind in (None, kinds[one.id])]
        if key is None:
            return ids
        row = self._profiles.row(connection, key)
        if row is None:
            raise BadParameter(
                "profile",
                f'there is no profile "{key}"{suggestion(key, self._profiles.keys(connection))}',
            )
        return [row["id"]] if row["id"] in ids else []


def _place(row: RowMapping) -> list[int]:
    return [row["profile_id"], row["record_id"], row["seq"]]


def _told(connection: Connection, rows: list[RowMapping]) -> list[RecordChange]:
    """The changes, without those of records that are being erased."""
    ids = {
        kind: {row["record_id"] for row in rows if row["applies_to"] == kind} for kind in ("contact", "deal")
    }
    keys = {
        "contact": contacts.contact_keys(connection, ids["contact"]),
        "deal": deals.deal_keys(connection, ids["deal"]),
    }

    def told(row: RowMapping) -> RecordChange:
        kind = row["applies_to"]
        change = RecordChange.of(row)
        if kind == "contact":
            change.contact = keys[kind][row["record_id"]]
        else:
            change.deal = keys[kind][row["record_id"]]
        return change

    present = [row for row in rows if row["record_id"] in keys[row["applies_to"]]]
    return changes_of(connection, present, told)
