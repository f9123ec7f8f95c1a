"""Undoing what a publish, an import, a list or a call has started: all of its follow-ups at once, counted first."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Annotated, Any, Self, TypeAlias, cast

from pydantic import Field, StrictBool, ValidationError, model_validator

from automations.model import Automation
from automations.steps.actions import AddTagStep
from automations.steps.places import find_step
from conditions.definition import Definition, Key, WholeNumber, invalid
from conditions.fields import CONTACT, DEAL
from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import Micros, to_iso
from runtime.beginnings import of_enrolling, of_import, of_publish, of_request
from runtime.principals import SYSTEM, Principal
from runtime.statuses import CANCELLED_TASK, OPEN
from services.answers import Page
from services.design.definitions import find_definition
from services.follow_ups.answers import Started, Undone
from services.records.shard_locks import in_shards
from services.resources import Invalid, NotFound, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import bulk_jobs, repairs, tasks, undoing
from store.follow_ups.undoing import Begun, TagStep
from store.records import contacts, deals

#: Follow-ups in one transaction.
CHUNK = 200
_WAYS = ("publish", "import", "smart_list", "request")
_REASON = "undone"
#: Who has a tag: the kind of record and its id.
Owner: TypeAlias = tuple[str, int]


class UndoRequest(Definition):
    """What started the follow-ups: one of `publish`, `import`, `smart_list` and `request`."""

    publish: Key | None = Field(default=None, description="Key of a profile whose publish fired")
    version: Annotated[WholeNumber, Field(ge=1)] | None = Field(
        default=None, description="Of the publish; by default the last one that started some"
    )
    import_: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, alias="import", description="Name of an import"
    )
    smart_list: Key | None = Field(
        default=None, description="A list that was enrolled; the last time, or as `request` says"
    )
    request: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Of a call that sent events, or that enrolled"
    )
    dry_run: StrictBool = Field(default=True, description="Count only")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in ("publish", "import_", "smart_list") if getattr(self, name) is not None]
        if (
            len(given) > 1
            or not (given or self.request)
            or (self.request and given not in ([], ["smart_list"]))
        ):
            raise invalid(Problem((), f"say what started the follow-ups with one of {', '.join(_WAYS)}"))
        if self.version is not None and self.publish is None:
            raise invalid(Problem(("version",), "a version goes with publish"))
        return self


class Undoing:
    """Ends follow-ups in one transaction for each shard and some hundred of them; doing so twice changes nothing."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def recent(self, limit: int) -> Page[Started]:
        """What has started follow-ups, the newest first; single calls only where they started several."""
        with self._resources.database.read() as connection:
            names = definitions.profile_keys(connection)
            begun = undoing.recent(connection, limit)
        return Page[Started](items=[_started(one, names) for one in begun], next=None)

    def undo(self, body: Any, *, who: Principal = SYSTEM) -> Undone:
        """Cancel the follow-ups, close the tasks and remove the tags that nobody has touched since, or count them."""
        try:
            request = UndoRequest.model_validate(body)
        except ValidationError as error:
            raise Invalid(plain_errors(error, body)) from None
        with self._resources.database.read() as connection:
            begun = _find(connection, request)
            names = definitions.profile_keys(connection)
            pending = undoing.pending_events(connection, request.import_) if request.import_ else 0
        undone = Undone(dry_run=request.dry_run, started=_started(begun, names), pending_events=pending)
        over: Counter[str] = Counter()
        for ids in self._chunks(begun.started_by):
            chunk = self._look(ids) if request.dry_run else self._end(ids)
            over.update(chunk.over)
            undone.cancelled += len(chunk.open)
            undone.tasks += len(chunk.tasks)
            undone.tasks_kept += chunk.tasks_kept
            undone.tags += len(chunk.tags)
            undone.tags_kept += chunk.tags_kept
            undone.sent += chunk.sent
        undone.over = dict(sorted(over.items()))
        if not request.dry_run:
            told = {"cancelled": undone.cancelled, "tasks": undone.tasks, "tags": undone.tags}
            now, started_by = self._resources.clock(), begun.started_by
            self._resources.database.run(
                lambda connection: note(connection, who, now, "undo", "start", started_by, after=told)
            )
        return undone

    def _chunks(self, started_by: str) -> Iterator[list[str]]:
        """Ids of its enrollments, some hundred of one shard at a time."""
        with self._resources.database.read() as connection:
            shards = undoing.shards_of(connection, started_by)
        for shard in shards:
            after = ""
            while True:
                with self._resources.database.read() as connection:
                    ids = undoing.ids_of(connection, started_by, shard, after, CHUNK)
                if not ids:
                    break
                yield ids
                after = ids[-1]

    def _look(self, ids: list[str]) -> "_Chunk":
        with self._resources.database.read() as connection:
            return _Chunk(connection, ids)

    def _end(self, ids: list[str]) -> "_Chunk":
        def place(connection: Connection) -> set[int]:
            return {row["shard"] for row in undoing.load(connection, ids)}

        def work(connection: Connection, now: Micros) -> _Chunk:
            chunk = _Chunk(connection, ids)
            chunk.end(connection, now)
            return chunk

        return in_shards(self._resources, place, work)


class _Chunk:
    """What there is to undo of some enrollments. `tags`: by contact id, those to be removed."""

    def __init__(self, connection: Connection, ids: list[str]) -> None:
        rows = undoing.load(connection, ids)
        self.open = [row["id"] for row in rows if row["status"] in OPEN]
        self.over = Counter(row["status"] for row in rows if row["status"] not in OPEN)
        open_tasks = undoing.open_tasks(connection, ids)
        self.tasks = [task.id for task in open_tasks if not task.touched]
        self.tasks_kept = len(open_tasks) - len(self.tasks)
        self.sent = undoing.count_sent(connection, ids)
        self._records: dict[Owner, RowMapping] = {}
        self.tags: set[tuple[Owner, str]] = set()
        self.tags_kept = 0
        self._find_tags(connection, ids)

    def _find_tags(self, connection: Connection, ids: list[str]) -> None:
        """The tags that these follow-ups added, that are still there, and that nothing else has to do with since."""
        steps = undoing.tag_steps(connection, ids)
        if not steps:
            return
        tag_of = _Tags(connection)
        added: dict[tuple[Owner, str], TagStep] = {}
        for step in sorted(steps, key=lambda one: one.at):
            added[tag_of(step)] = step
        about, since = {step.contact_id for step in steps}, min(step.at for step in added.values())
        self._know({owner for owner, _ in added}, connection)
        since_then = [
            *(
                ((_owner(move.contact_id, move.deal_id), move.tag), move.at)
                for move in undoing.tag_moves(connection, about, since)
            ),
            *(
                (tag_of(other), other.at)
                for other in undoing.tag_steps_about(connection, about, since)
                if other.started_by != steps[0].started_by
            ),
        ]
        last: dict[tuple[Owner, str], Micros] = {}
        for place, at in since_then:
            last[place] = max(at, last.get(place, 0))
        for (owner, tag), step in added.items():
            record = self._records.get(owner)
            if record is None or tag not in record["tags"]:
                continue
            if last.get((owner, tag), 0) > step.at:
                self.tags_kept += 1
            else:
                self.tags.add((owner, tag))

    def _know(self, owners: Collection[Owner], connection: Connection) -> None:
        ids = {kind: [record_id for of, record_id in owners if of == kind] for kind in (CONTACT, DEAL)}
        self._records = {
            (CONTACT, row["id"]): row for row in contacts.contacts_by_id(connection, ids[CONTACT])
        }
        self._records |= {(DEAL, row["id"]): row for row in deals.deals_by_id(connection, ids[DEAL])}

    def end(self, connection: Connection, now: Micros) -> None:
        """Do it. The shards are locked."""
        for enrollment_id in self.open:
            repairs.cancel(connection, enrollment_id, now, _REASON)
        closed = [(task, {"status": CANCELLED_TASK}) for task in tasks.open_tasks(connection, self.tasks)]
        tasks.change_tasks(connection, closed, now)
        for owner in {owner for owner, _ in self.tags}:
            record = self._records[owner]
            left = {"tags": [tag for tag in record["tags"] if (owner, tag) not in self.tags]}
            if owner[0] == CONTACT:
                contacts.change_contact(connection, record, left, now)
            else:
                deals.change_deal(connection, record, left, now)


class _Tags:
    """The tags that steps of versions add."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[int, int], Automation] = {}

    def __call__(self, step: TagStep) -> tuple[Owner, str]:
        """Who was tagged, and with what."""
        version = step.automation_id, step.version
        if version not in self._known:
            definition = definitions.version_definition(self._connection, definitions.AUTOMATIONS, *version)
            self._known[version] = Automation.model_validate(definition)
        spec = cast("AddTagStep", find_step(self._known[version], step.path))
        return _owner(step.contact_id, step.deal_id if spec.to == DEAL else None), spec.add_tag


def _owner(contact_id: int, deal_id: int | None) -> Owner:
    return (CONTACT, contact_id) if deal_id is None else (DEAL, deal_id)


def _find(connection: Connection, request: UndoRequest) -> Begun:
    """What is to be undone; raises NotFound where nothing of that has started a follow-up."""
    if request.publish is not None:
        profile_id = find_definition(connection, definitions.PROFILES, request.publish)["id"]
        if request.version is not None:
            begun = undoing.begun_by(connection, [of_publish(profile_id, request.version)])
        else:
            begun = undoing.begun_like(connection, f"publish:{profile_id}:")
        of_version = f", version {request.version}," if request.version is not None else ""
        what = f'a publish of "{request.publish}"{of_version}'
    elif request.import_ is not None:
        begun, what = (
            undoing.begun_by(connection, [of_import(request.import_)]),
            f'the import "{request.import_}"',
        )
    elif request.smart_list is not None:
        begun = undoing.begun_like(connection, f"list:{request.smart_list}:", request.request or "")
        what = f'enrolling the list "{request.smart_list}"'
    else:
        wanted = request.request or ""
        if (job := bulk_jobs.find_request(connection, wanted)) is not None:
            wanted = job["id"]
        begun = undoing.begun_by(connection, [of_request(wanted), of_enrolling(wanted)])
        begun = begun or undoing.begun_like(connection, "list:", f":{wanted}")
        what = f'the request "{request.request}"'
    if not begun:
        raise NotFound(
            f"no follow-ups are noted as started by {what}; kindling undo lists what has started some"
        )
    return begun[0]


def _started(begun: Begun, profiles: dict[int, str]) -> Started:
    kind, _, name = begun.started_by.partition(":")
    version = None
    if kind == "publish":
        profile_id, _, number = name.partition(":")
        name, version = profiles.get(int(profile_id), profile_id), int(number)
    request = name if kind in ("enroll", "request") else None
    if kind == "list":
        name, _, request = name.partition(":")
    return Started.model_validate(
        {
            "kind": kind,
            "name": name,
            "version": version,
            "request": request,
            "follow_ups": begun.follow_ups,
            "open": begun.open,
            "first_at": to_iso(begun.first_at),
            "last_at": to_iso(begun.last_at),
        }
    )
