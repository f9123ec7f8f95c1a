"""An enrollment as its steps find it: the record, its scores, what enrolled it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from automations.model import Automation
from automations.steps.places import walk
from channels.outbound import Outbound
from conditions.activity import Activity, activity_of
from conditions.fields import DEAL
from conditions.limits import record_problems
from conditions.times import Micros, to_iso
from conditions.values import Value, is_empty
from engine.admission.activity import Around, read_activity
from engine.published import Published
from engine.steps.working_set import WorkingSet
from engine.subjects import Subject, subject_of
from scoring.entries import Event, Place, place_of
from store.connection import Connection, Row, RowMapping
from store.database import dump_json
from store.follow_ups import webhooks
from store.records import contacts, deals
from store.scoring.facts import event_of, plain_number

#: The recipient of what is written to the contact itself, and why it may not be.
TO_CONTACT = "contact"
OPTED_OUT = "the contact does not want e-mail (dnd)"


def wants_no_mail(contact: Row) -> bool:
    """Whether e-mail is among the channels that a contact does not want."""
    return contact["dnd"] == "all" or "email" in contact["dnd"]


@lru_cache(maxsize=2_048)
def _parsed(definition: str) -> Automation:
    return Automation.model_validate_json(definition)


def parsed(definition: Mapping[str, Any]) -> Automation:
    """The automation of a stored definition, parsed once for all that are the same."""
    return _parsed(dump_json(definition))


def automation_of(row: RowMapping) -> Automation:
    """The automation of an enrollment's row."""
    return parsed(row["definition"])


class StepFailed(Exception):
    """The step cannot succeed however often it is tried; the message is safe to show anywhere."""


class TextsMissing(Exception):
    """The templates of a step have to be filled in first: anew, after an earlier step has changed the record."""


@dataclass(slots=True)
class Situation:
    """An enrollment as a step finds it.

    `outbound`: what can leave. `changed`: a step made work for the shard; `touched`: it changed the record. `texts`:
    what the templates of steps have become, by path, or the StepFailed that they came to, before anything is locked.
    `reached`: the moment that has come, where more was waited for than the clock shows.
    `events_before`: of events that conditions ask for as the record's last, only those before that place count.
    `shared`: the working set of all that are taken on in the same transaction.
    """

    source: Connection
    enrollment: RowMapping
    automation: Automation
    now: Micros
    outbound: Outbound
    published: Published
    changed: bool = False
    touched: bool = False
    texts: Mapping[str, Any] = field(default_factory=dict)
    reached: Micros = 0
    events_before: Place | None = None
    shared: WorkingSet | None = None
    _own: WorkingSet | None = None
    _event: Event | None = None
    _answers: dict[str, dict[str, Any]] | None = None

    @property
    def working_set(self) -> WorkingSet:
        """What is known of the records of this enrollment and perhaps others, and keeps back what is written."""
        if self.shared is not None:
            return self.shared
        if self._own is None:
            self._own = WorkingSet(self.source, [self.enrollment])
        return self._own

    @property
    def connection(self) -> Connection:
        """For what the working set does not know."""
        return self.working_set.connection

    @property
    def contact(self) -> Row:
        contact = self.working_set.contact(self.enrollment["contact_id"])
        if contact is None:
            raise StepFailed("the contact does not exist any more")
        return contact

    @property
    def deal(self) -> Row | None:
        """The deal that is enrolled, or that the enrolling event named."""
        deal_id = self.enrollment["deal_id"]
        return self.working_set.deal(deal_id) if deal_id is not None else None

    @property
    def subject(self) -> Subject:
        """Who is enrolled."""
        return subject_of(self.enrollment)

    @property
    def own_deal(self) -> Row | None:
        """The deal if it is what is enrolled; then steps change it, and its owner counts."""
        if not self.subject.about_deal:
            return None
        if (deal := self.deal) is None:
            raise StepFailed("the deal does not exist any more")
        return deal

    @property
    def named_deal(self) -> Row:
        """The deal that is enrolled, or that the enrolling event named. Raises StepFailed where there is none."""
        deal = self.deal
        if deal is None:
            raise StepFailed("there is no deal: neither is one enrolled, nor did what enrolled name one")
        if deal["contact_id"] != self.enrollment["contact_id"]:
            raise StepFailed("the deal is another contact's by now")
        return deal

    @property
    def owner(self) -> str | None:
        owner: str | None = (self.own_deal or self.contact)["owner"]
        if is_empty(owner):
            return None
        return owner

    @property
    def scores(self) -> dict[str, tuple[int, int | None]]:
        row = self.enrollment
        return self.working_set.scores(row["contact_id"], row["deal_id"])

    @property
    def event(self) -> Event | None:
        """The one that enrolled."""
        event_id = self.enrollment["event_id"]
        if self._event is None and event_id is not None:
            self._event = self.event_of(event_id)
        return self._event

    def event_of(self, event_id: str) -> Event | None:
        row = self.working_set.event(event_id)
        return event_of(row) if row is not None else None

    def text(self, path: str) -> Any:
        """What the templates of this step have become. Raises StepFailed, or TextsMissing."""
        if path not in self.texts or self.touched:
            raise TextsMissing
        text = self.texts[path]
        if isinstance(text, StepFailed):
            raise text
        return text

    def made_at(self, path: str) -> dict[str, Any]:
        """What the rows that a step makes say of where they come from."""
        row = self.enrollment
        return {
            "enrollment_id": row["id"],
            "path": path,
            **{name: row[name] for name in ("automation_id", "contact_id", "deal_id")},
            "created_at": self.now,
        }

    def look_back(self) -> None:
        """From now on the record's last events are those before what enrolled, as the trigger read them."""
        event = self.event
        self.events_before = place_of(event) if event is not None else (self.enrollment["created_at"], "")

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """`{status, body}` of the webhooks that were answered, by the keys of their steps."""
        if self._answers is None:
            keys = {
                placed.path: placed.step.key
                for placed in walk(self.automation)
                if placed.step.answers and placed.step.key is not None
            }
            by_path = webhooks.answers(self.connection, self.enrollment["id"], keys) if keys else {}
            self._answers = {keys[path]: answer for path, answer in by_path.items()}
        return self._answers

    def band(self, profile: str | None, score: int | None) -> str | None:
        """The label of a score under the published version of a profile."""
        scored_by = self.published.by_key.get(profile) if profile is not None else None
        return scored_by.band(score) if scored_by is not None else None

    def change_contact(self, values: Mapping[str, Any]) -> bool:
        """Change fields as a consequence of this enrollment. Raises StepFailed for more than is kept."""
        _refuse_too_large(values)
        done = self.working_set.change_contact(self.contact, values, self.now, **self._caused)
        self.changed = self.changed or done
        self.touched = self.touched or done
        return done

    @property
    def _caused(self) -> dict[str, Any]:
        """What changes that this enrollment makes are told of it."""
        return {"depth": self.enrollment["depth"] + 1, "brought_by": self.enrollment["started_by"]}

    def change_deal(self, deal: Row, values: Mapping[str, Any]) -> bool:
        """The same for the deal."""
        _refuse_too_large(values)
        done = self.working_set.change_deal(deal, values, self.now, **self._caused)
        self.changed = self.changed or done
        self.touched = self.touched or done
        return done

    def change_tags(self, kind: str, change: Callable[[list[str]], list[str]]) -> bool:
        """The same for the tags of the contact, or of the deal that `named_deal` gives."""
        if kind == DEAL:
            deal = self.named_deal
            return self.change_deal(deal, {"tags": change(deal["tags"])})
        return self.change_contact({"tags": change(self.contact["tags"])})

    def lookup(self, name: str) -> Value:
        """The fields that conditions of steps read: present values, and those of the enrolling change."""
        row = self.enrollment
        profile = row["profile"]
        if name.startswith(("contact.", "deal.")):
            return self._of_record(name)
        if name.startswith("steps."):
            return _within(self.answers, name.split(".")[1:])
        if name == "score":
            return self.score_of(profile)
        if name == "band":
            return self.band(profile, self.score_of(profile))
        if name.startswith("scores."):
            return self.score_of(name[7:])
        if name.startswith("bands."):
            return self.band(name[6:], self.score_of(name[6:]))
        if name == "previous_score":
            previous: Value = row["previous"]
            return previous
        if name == "previous_band":
            return self.band(profile, row["previous"])
        if name == "change":
            return (row["current"] or 0) - (row["previous"] or 0)
        if name == "cause":
            cause: Value = row["cause"]
            return cause
        if name.startswith("event.") and self.event is not None:
            return self.event.type if name == "event.type" else self._property(name[6:])
        return None

    def _of_record(self, name: str) -> Value:
        """A field of the contact or the deal, or what goes on around it."""
        if (activity := activity_of(name)) is not None:
            return self.around(activity)
        if name.startswith("contact."):
            return _field(self.contact, contacts.WRITABLE, name[8:])
        return _field(self.deal, deals.WRITABLE, name[5:]) if self.deal is not None else None

    def around(self, activity: Activity) -> Value:
        """What goes on around the record now, this follow-up itself apart."""
        row = self.enrollment
        around = Around(row["contact_id"], row["deal_id"], row)
        return read_activity(self.connection, activity, around, self.events_before)

    def _property(self, name: str) -> Value:
        """Of the event that enrolled; None where its properties cannot be read."""
        try:
            value: Value = self.event.properties.get(name) if self.event is not None else None
        except ValueError:
            return None
        return value

    def _profile_name(self, key: str | None) -> str | None:
        row = self.working_set.profile(key) if key else None
        return (row["draft"].get("name") or key) if row is not None else key

    def score_of(self, profile: str | None) -> int | None:
        return self.scores.get(profile, (0, None))[1] if profile else None

    def context(self) -> dict[str, Any]:
        """What templates know."""
        row, contact = self.enrollment, self.contact
        profile = row["profile"]
        now = self.score_of(profile)
        event = self.event
        return {
            "contact": {
                **_record_context(contact, ("key", *contacts.WRITABLE)),
                "label": label(contact),
            },
            "deal": _deal_context(self.deal),
            "event": {**event.properties, "type": event.type} if event is not None else {},
            "score": {
                "previous": row["previous"],
                "current": row["current"],
                "now": now,
                "change": (row["current"] or 0) - (row["previous"] or 0),
            },
            "band": {
                "previous": self.band(profile, row["previous"]),
                "current": self.band(profile, row["current"]),
                "now": self.band(profile, now),
            },
            "automation": {
                "key": row["automation"],
                "name": self.automation.title,
                "version": row["version"],
            },
            "profile": {"key": profile, "name": self._profile_name(profile)},
            "steps": self.answers,
        }


def _refuse_too_large(values: Mapping[str, Any]) -> None:
    if problems := record_problems(values):
        raise StepFailed(problems[0].message)


def _within(answers: Mapping[str, Any], path: Sequence[str]) -> Value:
    """The value at a path of an answer; None where there is none that conditions can test."""
    value: Any = answers
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        return [part for part in value if isinstance(part, str)]
    return None if isinstance(value, Mapping) else value


def _field(row: Row, columns: tuple[str, ...], name: str) -> Value:
    if name == "created_at":
        return to_iso(row["created_at"])
    if name in (*columns, "key") and name != "fields":
        value: Value = plain_number(row[name]) if name == "value" else row[name]
        return value
    return row["fields"].get(name)  # type: ignore[no-any-return]


def _record_context(row: Row, columns: tuple[str, ...]) -> dict[str, Any]:
    """A record as templates know it."""
    known = {name: row[name] for name in columns if name != "fields"}
    return {**row["fields"], **known, "id": row["id"], "created_at": to_iso(row["created_at"])}


def _deal_context(deal: Row | None) -> dict[str, Any]:
    if deal is None:
        return {}
    shown = _record_context(deal, ("key", *deals.WRITABLE))
    return {**shown, "value": plain_number(deal["value"]), "label": deal["name"] or deal["key"]}


def label(contact: Row) -> str:
    """How people call a contact: name, else e-mail, else key."""
    known = (contact[name] for name in ("name", "email") if not is_empty(contact[name]))
    shown: str = next(known, contact["key"])
    return shown
