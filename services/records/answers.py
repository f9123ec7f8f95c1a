"""What the use cases of records answer: contacts, deals, smart lists, scores."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from conditions.fields import DealStatus
from conditions.times import to_iso
from runtime.statuses import EventStatusName
from services.answers import FieldProblem, Rejected, iso
from services.entity_tags import TaggedAnswer
from store.connection import RowMapping
from store.scoring.facts import plain_number


class Contact(TaggedAnswer):
    """A contact."""

    STATE: ClassVar = (
        *("id", "key", "name", "email", "phone", "stage", "owner", "tags", "dnd", "fields"),
        *("created_at", "updated_at"),
    )

    id: int
    key: str
    name: str | None
    email: str | None
    phone: str | None
    stage: str | None
    owner: str | None
    tags: list[str]
    dnd: Literal["all"] | list[str]
    fields: dict[str, Any]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """The contact of a row."""
        return cls(
            id=row["id"],
            key=row["key"],
            name=row["name"],
            email=row["email"],
            phone=row["phone"],
            stage=row["stage"],
            owner=row["owner"],
            tags=row["tags"],
            dnd=row["dnd"],
            fields=row["fields"],
            created_at=to_iso(row["created_at"]),
            updated_at=to_iso(row["updated_at"]),
        )


class NotStored(BaseModel):
    """Instead of a record: what was sent is about somebody who was erased for good."""

    suppressed: int = 1
    detail: str


class Suppressed(BaseModel):
    """Somebody who was erased for good. Nothing here says who it was."""

    id: str
    created_at: str
    reason: str
    met: int = Field(description="How often something about them came and was not stored")
    last_met_at: str | None

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """The suppression of a row."""
        return cls(
            id=row["id"],
            created_at=to_iso(row["created_at"]),
            reason=row["reason"],
            met=row["met"],
            last_met_at=iso(row["last_met_at"]),
        )


class ListedContact(Contact):
    """A contact in a list."""

    score: int | None = Field(default=None, description="Only when a profile was asked for")
    band: str | None = None
    scores: dict[str, int | None] = Field(default={}, description="By profile, those that were asked for")
    bands: dict[str, str | None] = Field(default={}, description="The same")


class SharedAddress(BaseModel):
    """An e-mail address that several contacts have, and these."""

    address: str = Field(
        description="Without regard to case and composition: what the contacts' own have in common"
    )
    count: int = Field(description="How many contacts have it")
    contacts: list[Contact] = Field(description="The oldest 20 of them")


class Deal(TaggedAnswer):
    """A deal."""

    STATE: ClassVar = (
        *(
            "id",
            "key",
            "contact",
            "name",
            "pipeline",
            "stage",
            "status",
            "value",
            "currency",
            "owner",
            "tags",
            "fields",
        ),
        *("created_at", "updated_at"),
    )

    id: int
    key: str
    contact: str | None = Field(description="Its contact's key")
    name: str | None
    pipeline: str | None
    stage: str | None
    status: DealStatus
    value: int | float | None
    currency: str | None
    owner: str | None
    tags: list[str]
    fields: dict[str, Any]
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: RowMapping, contact_keys: Mapping[int, str]) -> Self:
        """The deal of a row; `contact_keys`: of contacts by id."""
        return cls(
            id=row["id"],
            key=row["key"],
            contact=contact_keys.get(row["contact_id"]),
            name=row["name"],
            pipeline=row["pipeline"],
            stage=row["stage"],
            status=row["status"],
            value=plain_number(row["value"]),
            currency=row["currency"],
            owner=row["owner"],
            tags=row["tags"],
            fields=row["fields"],
            created_at=to_iso(row["created_at"]),
            updated_at=to_iso(row["updated_at"]),
        )


class ListedDeal(Deal):
    """A deal in a list."""

    score: int | None = Field(default=None, description="Only when a profile was asked for")
    band: str | None = None
    scores: dict[str, int | None] = Field(default={}, description="By profile, those that were asked for")
    bands: dict[str, str | None] = Field(default={}, description="The same")


class SmartList(TaggedAnswer):
    """A saved question about contacts or deals."""

    STATE: ClassVar = (
        *("kind", "key", "name", "description", "applies_to", "profile", "filter", "filters", "sort"),
        "updated_at",
    )
    PASSING: ClassVar = ("count",)

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    name: str | None = None
    applies_to: Literal["contact", "deal"]
    profile: str | None = None
    count: int | None = Field(default=None, description="How many records it has now")
    updated_at: str
    warnings: list[FieldProblem] | None = None


class ScoreSummary(BaseModel):
    """A record's score under one profile."""

    profile: str
    score: int | None
    band: str | None
    at: str | None = Field(
        default=None, description="Another time that was asked for: from rules and fields as they are now"
    )
    updated_at: str | None
    next_change_at: str | None = Field(description="When time alone may next change the score")


class BreakdownLine(BaseModel):
    """What one rule adds to a score."""

    rule: str = Field(description="Rule key, or `adjustments`, `group:<key>`, `clamp`")
    points: int
    count: int


class CausingEvent(BaseModel):
    """The event behind a change."""

    id: str
    type: str
    occurred_at: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """The event of a row."""
        return cls(id=row["id"], type=row["type"], occurred_at=to_iso(row["occurred_at"]))


class CausingAdjustment(BaseModel):
    """The adjustment behind a change."""

    id: str
    reason: str
    author: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """The adjustment of a row."""
        return cls(id=row["id"], reason=row["reason"], author=row["author"])


class Change(BaseModel):
    """A score moved; null is empty, which is not 0."""

    previous: int | None
    current: int | None
    cause: str
    at: str
    version: int
    silent: bool
    event: CausingEvent | None = None
    adjustment: CausingAdjustment | None = None

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """The change of a row, without what caused it."""
        return cls(**_moved(row))


class _OfProfile(BaseModel):
    """Comes first: fields of the last base do."""

    profile: str


class ProfileChange(Change, _OfProfile):
    """A score moved, beside those of other profiles."""

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """The change of a row that has the profile's key, without what caused it."""
        return cls(profile=row["profile"], **_moved(row))


class RecordChange(ProfileChange):
    """A score moved, beside those of other records."""

    contact: str | None = None
    deal: str | None = None


def _moved(row: RowMapping) -> dict[str, Any]:
    return {
        "previous": row["previous"],
        "current": row["current"],
        "cause": row["cause"],
        "at": to_iso(row["at"]),
        "version": row["version"],
        "silent": bool(row["silent"]),
    }


class Outlook(BaseModel):
    """What the score will be from a moment on, if nothing else happens."""

    at: str
    score: int | None
    band: str | None


class ScoreEntry(BaseModel):
    """Points that one event or adjustment gave. `worth`: what they are worth as of the last scoring."""

    rule: str
    points: int
    worth: int
    starts_at: str
    ends_at: str | None = Field(description="When they expire, or have faded to nothing")
    event: CausingEvent | None = None
    adjustment: CausingAdjustment | None = None


class Adjusted(BaseModel):
    """An adjustment that was taken in."""

    contact: str | None = None
    deal: str | None = None
    profile: str
    id: str
    points: int | None = Field(description="With `set_to`, null until it is applied")
    set_to: int | None
    reason: str
    author: str
    at: str
    expires_at: str | None
    status: EventStatusName


class Recorded(BaseModel):
    """What a score was at an earlier time, by its recorded changes."""

    score: int | None
    band: str | None
    version: int = Field(description="The version that gave it")
    at: str = Field(description="Since when it had been so")


class Score(BaseModel):
    """One score with what it is made of."""

    contact: str | None = None
    deal: str | None = None
    profile: str
    score: int | None
    band: str | None
    at: str | None = Field(description="The moment for which score and breakdown are given")
    version: int | None
    updated_at: str | None
    next_change_at: str | None
    band_until: str | None = Field(
        description="When time alone will take the score out of its band; null: never"
    )
    looked_until: str | None = Field(
        description="Not null: too much fades to be looked at for ever, and until then the band stays"
    )
    breakdown: list[BreakdownLine] = Field(description="Adds up to the score")
    forecast: list[Outlook] = Field(description="The next changes that time alone will make")
    notes: list[str] = Field(
        description="Rules of the published version that never hold because a field holds no date, as it is now; with "
        "`as_published`, what is not as it was then"
    )
    recorded: Recorded | None = Field(
        default=None,
        description="With `at` in the past: what was shown then; null: nothing. Events that arrived or were taken back "
        "since, other rules and other fields make the difference",
    )
    history: list[Change] = Field(description="Changes, the newest first")
    next: str | None


class WrittenRecord(BaseModel):
    """What becomes of a contact or deal."""

    contact: str | None = None
    deal: str | None = None
    created: bool
    fields: dict[str, tuple[Any, Any]] = Field(description="By field, what it has and what it will have")

    @classmethod
    def of(
        cls,
        kind: Literal["contact", "deal"],
        key: str,
        *,
        created: bool,
        fields: Mapping[str, tuple[Any, Any]],
    ) -> Self:
        """That of the record with this key."""
        record = cls(created=created, fields=dict(fields))
        setattr(record, kind, key)
        return record


class RecordsWritten(BaseModel):
    """What became of many contacts or deals; with `dry_run`, what would."""

    request: str = Field(description="This call, for `POST /v1/undo`")
    dry_run: bool
    created: int
    changed: int
    unchanged: int
    suppressed: int = Field(description="About those who were erased for good; not written")
    rejected: list[Rejected] = Field(description="Those that were not written, up to 100 mistakes in all")
    rejected_count: int
    changes: list[WrittenRecord] = Field(description="With `dry_run`: the first 20")
