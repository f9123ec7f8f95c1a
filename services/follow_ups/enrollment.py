"""Enrolling by hand: records that are named, those of a smart list, or all that match now. Counted first if asked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, StrictBool, ValidationError, model_validator
from uuid_utils import uuid7

from automations.model import Automation
from automations.steps.places import first_date
from automations.steps.waits import WaitUntil
from conditions.definition import Definition, Key, Text, invalid
from conditions.messages import plain_errors
from conditions.problems import Problem
from engine.admission.admitting import MATCHING, NAMED, OF_LIST, ByHand, Decided
from engine.admission.by_hand import Listed, Wanted, count_past, enlist
from engine.published import Published, PublishedCache, compile_automation
from runtime.principals import SYSTEM, Principal
from services.answers import Enrolled, iso
from services.design.definitions import find_definition
from services.names import ShortText
from services.records.kinds import Kind, find_record
from services.records.smart_lists import SmartLists
from services.resources import Conflict, Invalid, NotFound, Resources
from store.access.audit import note
from store.connection import Connection
from store.design import definitions
from store.follow_ups import enrolling
from store.follow_ups.enrolling import NewEnrollment
from triggers.compiled import CompiledTrigger

#: Records in one transaction.
CHUNK = 500
_WAYS = ("contacts", "deals", "smart_list", "matching")
Keys = Annotated[list[Text], Field(min_length=1, max_length=10_000)]


class EnrollRequest(Definition):
    """Who is to be enrolled: one of `contacts`, `deals`, `smart_list` and `matching`."""

    contacts: Keys | None = Field(default=None, description="Keys of contacts; the filters are not asked")
    deals: Keys | None = Field(default=None, description="Keys of deals; the filters are not asked")
    smart_list: Key | None = Field(
        default=None, description="Everybody on a smart list; the filters are not asked"
    )
    matching: StrictBool = Field(
        default=False, description="Everybody for whom the trigger's filters hold now"
    )
    dry_run: StrictBool = Field(default=False, description="Count only")
    draft: StrictBool = Field(
        default=False, description="With dry_run: count for the draft instead of what is published"
    )
    again: StrictBool = Field(
        default=False,
        description="Also those who are in the automation now, or were enrolled within the last 7 days; what the "
        "trigger says of `reentry` and `while_running` counts all the same",
    )
    author: ShortText | None = Field(
        default=None, description="Who enrolls them; kept with each enrollment, and never sent to Temporal"
    )
    request: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="A name of your own for this call; calling again with it enrolls nobody twice",
    )

    @property
    def chosen(self) -> str:
        """How those who are to be enrolled are chosen, in the words that are kept."""
        if self.matching:
            return MATCHING
        return f"{OF_LIST}{self.smart_list}" if self.smart_list is not None else NAMED

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in _WAYS if getattr(self, name)]
        if len(given) != 1:
            raise invalid(Problem((), f"say who with one of {', '.join(_WAYS)}"))
        if self.draft and not self.dry_run:
            raise invalid(Problem(("draft",), "a draft enrolls nobody; publish it, or add dry_run"))
        return self


def read_request(body: Any) -> EnrollRequest:
    """The request in a body; raises Invalid."""
    try:
        return EnrollRequest.model_validate(body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None


@dataclass
class _Tally:
    date: WaitUntil | None
    looked_at: int = 0
    enrolled: int = 0
    already: int = 0
    running: int = 0
    recent: int = 0
    past: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Call:
    """One call, and what is known of it before its first record. `resumed`: as if the automation were not paused."""

    key: str
    request: EnrollRequest
    kind: Kind
    wanted: Wanted
    tally: _Tally
    resumed: bool


class _Chunk(NamedTuple):
    """What became of some records of a shard. `moved`: those that are in another one by now."""

    listed: Listed
    decided: Decided
    past: int
    moved: list[int]


class Matching(NamedTuple):
    """Who would enroll, and for how many of these the date is over that is waited for first."""

    enrollments: Sequence[NewEnrollment]
    past: int


class EnrollByHand:
    """Enrolls in one transaction for each shard and some hundred records."""

    def __init__(self, resources: Resources, lists: SmartLists) -> None:
        self._resources = resources
        self._lists = lists
        self._published = PublishedCache(resources.settings.loop_limit)

    def count_resumed(self, key: str) -> Enrolled:
        """How many of those who match now would enroll if the automation were not paused."""
        return self._enroll(key, EnrollRequest(matching=True, dry_run=True), resumed=True)

    def enroll(self, key: str, body: Any, *, who: Principal = SYSTEM) -> Enrolled:
        """How many enrolled (or would), and why others did not; the storm limit spreads the starts over time."""
        return self._enroll(key, read_request(body), who=who)

    def _enroll(
        self, key: str, request: EnrollRequest, *, resumed: bool = False, who: Principal = SYSTEM
    ) -> Enrolled:
        with self._resources.database.read() as connection:
            automation_id, kind = self._check(connection, key, request)
            tally = _Tally(date=first_date(self._automation(connection, key, request)))
        author = request.author if who.kind == "system" else who.said_by(request.author)
        by = ByHand(author, request.chosen)
        wanted = Wanted(request.request or str(uuid7()), request.matching, request.again, by)
        call = _Call(key, request, kind, wanted=wanted, tally=tally, resumed=resumed)
        for shard, ids in self._records(request, kind):
            self._chunk(call, shard, ids)
        if not request.dry_run:
            self._resources.wakes.request(range(self._resources.shards))
            self._note(who, key, request, tally)
        with self._resources.database.read() as connection:
            last = enrolling.last_start(connection, automation_id)
        return Enrolled(
            automation=key,
            dry_run=request.dry_run,
            request=wanted.request,
            records=tally.looked_at,
            enrolled=tally.enrolled,
            skipped=dict(sorted(tally.skipped.items())),
            already=tally.already,
            running=tally.running,
            recent=tally.recent,
            past=tally.past,
            starts_until=iso(last) if not request.dry_run else None,
        )

    def _note(self, who: Principal, key: str, request: EnrollRequest, tally: _Tally) -> None:
        told = {"records": tally.looked_at, "enrolled": tally.enrolled, "chosen": request.chosen}
        now = self._resources.clock()
        self._resources.database.run(
            lambda connection: note(connection, who, now, "enroll", "automation", key, after=told)
        )

    def matching(self, automation: Automation, automation_id: int) -> Iterator[Matching]:
        """Whom an automation that is not stored would enroll now, some at a time. Its profile has to be published.

        `automation_id` is that of what it would replace, whose enrollments count for its guards; 0 when it is new.
        """
        request = EnrollRequest(matching=True, dry_run=True)
        with self._resources.database.read() as connection:
            published = self._published.read(connection)
        profile = published.by_key.get(automation.trigger.profile or "")
        if profile is None:
            raise Conflict(f'the profile "{automation.trigger.profile}" is not published')
        trigger = compile_automation(automation, automation_id, bands=profile.bands)
        kind: Kind = profile.applies_to
        for shard, ids in self._records(request, kind):
            with self._resources.database.read() as connection:
                listed = enlist(
                    connection,
                    published,
                    trigger,
                    Wanted(str(uuid7()), matching=True, again=True),
                    shard=shard,
                    kind=kind,
                    ids=ids,
                    now=self._resources.clock(),
                )
                decided = listed.enrolling.decide(connection).enrollments
                past = count_past(listed.enrolling, decided, {automation_id: first_date(automation)})
            yield Matching(decided, past[automation_id])

    def _check(self, connection: Connection, key: str, request: EnrollRequest) -> tuple[int, Kind]:
        row = find_definition(connection, definitions.AUTOMATIONS, key)
        published, trigger = self._trigger(connection, key, request)
        profile = published.by_key.get(trigger.profile or "")
        if trigger.profile is not None and profile is None:
            raise Conflict(f'the profile "{trigger.profile}" is not published, so that nobody has its score')
        if request.matching and profile is None:
            raise Conflict(
                f'"{key}" starts at an event, which nobody has now; name contacts or a smart_list instead of matching'
            )
        if profile is None:  # an event enrolls the deal that it names, or else the contact
            of_list = self._lists.kind(request.smart_list) if request.smart_list is not None else None
            return row["id"], of_list or ("deal" if request.deals else "contact")
        kind: Kind = profile.applies_to
        other = "deals" if kind == "contact" else "contacts"
        if getattr(request, other):
            raise Invalid([Problem((other,), f'"{key}" enrolls {kind}s; name {kind}s')])
        return row["id"], kind

    def _trigger(
        self, connection: Connection, key: str, request: EnrollRequest
    ) -> tuple[Published, CompiledTrigger]:
        published = self._published.read(connection)
        row = find_definition(connection, definitions.AUTOMATIONS, key)
        if request.draft or (request.dry_run and row["version"] is None):
            draft = Automation.model_validate(row["draft"])
            profile = published.by_key.get(draft.trigger.profile or "")
            bands = profile.bands if profile is not None else ()
            return published, compile_automation(draft, row["id"], row["latest"] + 1, bands)
        compiled = next((trigger for trigger in published.triggers.triggers if trigger.key == key), None)
        if compiled is None:
            raise Conflict(f'the automation "{key}" is not published; publish it, or count with dry_run')
        return published, compiled

    def _automation(self, connection: Connection, key: str, request: EnrollRequest) -> Automation:
        """The definition whose trigger `_trigger` gives."""
        row = find_definition(connection, definitions.AUTOMATIONS, key)
        published = None
        if row["version"] is not None and not request.draft:
            published = definitions.version_definition(
                connection, definitions.AUTOMATIONS, row["id"], row["version"]
            )
        return Automation.model_validate(published or row["draft"])

    def _records(self, request: EnrollRequest, kind: Kind) -> Iterator[tuple[int, list[int]]]:
        """Ids of records with their shard, some hundred at a time."""
        if request.matching:
            for shard in range(self._resources.shards):
                cursor = 0
                while True:
                    with self._resources.database.read() as connection:
                        ids = enrolling.records_after(connection, kind, shard, cursor, CHUNK)
                    if not ids:
                        break
                    yield shard, ids
                    cursor = ids[-1]
            return
        for chunk in self._named(request, kind):
            with self._resources.database.read() as connection:
                by_shard = enrolling.shards_of(connection, kind, chunk)
            yield from sorted(by_shard.items())

    def _named(self, request: EnrollRequest, kind: Kind) -> Iterable[list[int]]:
        if request.smart_list is not None:
            return self._listed(request.smart_list, kind)
        keys = request.contacts or request.deals or []
        problems, ids = [], []
        with self._resources.database.read() as connection:
            for index, key in enumerate(keys):
                try:
                    ids.append(find_record(connection, kind, key)["id"])
                except NotFound as error:
                    problems.append(Problem((f"{kind}s", index), str(error)))
        if problems:
            raise Invalid(problems)
        once = list(dict.fromkeys(ids))
        return [once[start : start + CHUNK] for start in range(0, len(once), CHUNK)]

    def _listed(self, key: str, kind: Kind) -> Iterator[list[int]]:
        cursor: str | None = None
        while True:
            page = self._lists.records(kind, key, cursor=cursor, limit=CHUNK)
            yield [record.id for record in page.items]
            cursor = page.next
            if cursor is None:
                return

    def _chunk(self, call: _Call, shard: int, ids: list[int]) -> None:
        """Enroll those of the records that are still in this shard; the others where they are now."""
        dry_run, tally = call.request.dry_run, call.tally

        def work(connection: Connection) -> _Chunk:
            published, trigger = self._trigger(connection, call.key, call.request)
            trigger = replace(trigger, paused=trigger.paused and not call.resumed)
            places = enrolling.shards_of(connection, call.kind, ids)
            listed = enlist(
                connection,
                published,
                trigger,
                call.wanted,
                shard=shard,
                kind=call.kind,
                ids=places.pop(shard, []),
                now=self._resources.clock(),
            )
            batch = listed.enrolling
            decided = batch.decide(connection) if dry_run else batch.save(connection)
            past = count_past(batch, decided.enrollments, {trigger.automation_id: tally.date}).total()
            moved = [record_id for elsewhere in places.values() for record_id in elsewhere]
            return _Chunk(listed, decided, past, moved)

        if dry_run:
            with self._resources.database.read() as connection:
                chunk = work(connection)
        else:
            chunk = self._resources.database.run(work, [shard])
        tally.looked_at += len(ids) - len(chunk.moved)
        tally.enrolled += len(chunk.decided.enrollments)
        tally.already += chunk.listed.already
        tally.running += chunk.listed.running
        tally.recent += chunk.listed.recent
        tally.past += chunk.past
        tally.skipped += Counter(skip.reason for skip in chunk.decided.skips)
        if chunk.moved:
            with self._resources.database.read() as connection:
                places = enrolling.shards_of(connection, call.kind, chunk.moved)
            for other, record_ids in places.items():
                self._chunk(call, other, record_ids)
