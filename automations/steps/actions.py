"""The steps that do something, each as its author writes it: one mapping with the step's name as a key."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, StrictStr, Tag, model_validator

from automations.steps.base import A_FIELD, BaseStep, OneOrMore, texts_in
from automations.steps.words import called, recipients
from conditions.definition import Definition, Key, LongText, TagName, Text, WholeNumber, invalid
from conditions.fields import CONTACT_FIELDS
from conditions.problems import Loc, Problem
from conditions.times import Duration
from conditions.values import Channel


class Notification(Definition):
    """`to` is a recipient's key, `owner`, `contact` or an address; of a list, the first that is not empty."""

    to: OneOrMore
    """A recipient's key, `owner`, `contact` or an address; of a list, the first that is not empty, nor an address
    that is none."""
    subject: LongText = ""
    """Template."""
    message: Annotated[LongText, Field(min_length=1)]
    """Template."""


class NotifyStep(BaseStep):
    """Sends a message and records it."""

    kind: ClassVar[str] = "notify"
    example: ClassVar[str] = '{notify: {to: sales, message: "{{ contact.label }} is hot"}}'
    notify: Notification
    """What it does."""

    def does(self) -> str:
        return f"notify {recipients(self.notify.to)}"

    def templates(self) -> Iterator[tuple[Loc, str]]:
        yield ("notify", "subject"), self.notify.subject
        yield ("notify", "message"), self.notify.message


class Task(Definition):
    """`assign_to` is a name or `owner`."""

    title: Annotated[LongText, Field(min_length=1)]
    """Template."""
    description: LongText = ""
    """Template."""
    assign_to: Text | None = None
    """A name, or `owner` for the owner of the contact or deal."""
    due_in: Duration | None = None
    """Time until it is due."""


class CreateTaskStep(BaseStep):
    """Creates a task."""

    kind: ClassVar[str] = "create_task"
    example: ClassVar[str] = (
        '{create_task: {title: "Call {{ contact.label }}", assign_to: owner, due_in: 1d}}'
    )
    create_task: Task
    """What it does."""

    def does(self) -> str:
        return "create task"

    def templates(self) -> Iterator[tuple[Loc, str]]:
        yield ("create_task", "title"), self.create_task.title
        yield ("create_task", "description"), self.create_task.description


def _tag_words(tag: str, to: str) -> str:
    return f"tag {tag} of the deal" if to == "deal" else f"tag {tag}"


class AddTagStep(BaseStep):
    """Adds a tag to the contact, or to the deal."""

    kind: ClassVar[str] = "add_tag"
    example: ClassVar[str] = "{add_tag: hot}"
    add_tag: TagName
    """The tag."""
    to: Literal["contact", "deal"] = "contact"
    """Whose tag: the contact's, or that of the deal that is enrolled or that the enrolling event named."""

    def does(self) -> str:
        return f"add {_tag_words(self.add_tag, self.to)}"

    def targets(self) -> Iterator[str]:
        yield f"the {_tag_words(self.add_tag, self.to)}"

    @property
    def added_tag(self) -> str:
        return self.add_tag


class RemoveTagStep(BaseStep):
    """Removes a tag from the contact, or from the deal."""

    kind: ClassVar[str] = "remove_tag"
    example: ClassVar[str] = "{remove_tag: hot}"
    remove_tag: TagName
    """The tag."""
    to: Literal["contact", "deal"] = "contact"
    """Whose tag: the contact's, or that of the deal that is enrolled or that the enrolling event named."""

    def does(self) -> str:
        return f"remove {_tag_words(self.remove_tag, self.to)}"

    def targets(self) -> Iterator[str]:
        yield f"the {_tag_words(self.remove_tag, self.to)}"

    @property
    def removed_tag(self) -> str:
        return self.remove_tag


def _channels_branch(value: Any) -> str:
    return "channel list" if isinstance(value, list) else "channel word"


Dnd = Annotated[
    Annotated[Literal["all"], Tag("channel word")] | Annotated[list[Channel], Tag("channel list")],
    Discriminator(_channels_branch),
]


class ContactUpdate(Definition):
    """New values; null clears. Of a list of owners, each record gets the next."""

    stage: Text | None = None
    """New stage; null clears."""
    owner: OneOrMore | None = None
    """New owner; null clears; of a list, each enrollment takes the next in turn."""
    dnd: Dnd | None = None
    """Channels that are off, or `all`; an empty list clears."""
    fields: dict[Text, Any] = Field(default={})
    """Custom fields to set; texts are templates; null removes a field."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            names = list(type(self).model_fields)
            listed = f"{', '.join(names[:-1])} or {names[-1]}"
            raise invalid(Problem((), f"update needs something to change: {listed}"))
        taken = [name for name in self.fields if name in CONTACT_FIELDS or name == "id"]
        if taken:
            message = "is a field of every contact, not a custom one; choose another name"
            raise invalid(*(Problem(("fields", name), f'"{name}" {message}') for name in taken))
        return self

    def targets(self) -> Iterator[str]:
        """What it changes, as `BaseStep.targets`."""
        yield from sorted(self.model_fields_set - {"fields", "contact"})
        yield from (f"{A_FIELD}{name}" for name in self.fields)


class Update(ContactUpdate):
    """New values of the record that is enrolled. In a follow-up of a deal, `contact` changes its contact."""

    contact: ContactUpdate | None = None
    """The same of the contact, where it is a deal that is enrolled."""

    @model_validator(mode="after")
    def _changes_the_contact(self) -> Self:
        if "contact" in self.model_fields_set and self.contact is None:
            raise invalid(
                Problem(("contact",), "say what to change of the contact, such as {stage: customer}")
            )
        return self


class UpdateStep(BaseStep):
    """Changes fields of the record that is enrolled, or of its contact."""

    kind: ClassVar[str] = "update"
    example: ClassVar[str] = "{update: {stage: qualified}}"
    update: Update
    """What it does."""

    def does(self) -> str:
        names = sorted(self.update.model_fields_set - {"contact"})
        of_contact = self.update.contact
        if of_contact is not None:
            names += [f"{name} of the contact" for name in sorted(of_contact.model_fields_set)]
        return f"update {', '.join(names)}"

    def templates(self) -> Iterator[tuple[Loc, str]]:
        yield from texts_in(self.update.fields, ("update", "fields"))
        if self.update.contact is not None:
            yield from texts_in(self.update.contact.fields, ("update", "contact", "fields"))

    def targets(self) -> Iterator[str]:
        yield from self.update.targets()
        if self.update.contact is not None:
            yield from (f"{target} of the contact" for target in self.update.contact.targets())


class Adjustment(Definition):
    """Adds points, or sets the score."""

    profile: Key
    """Whose score."""
    points: WholeNumber | None = None
    """Points to add; this or `set_to`."""
    set_to: WholeNumber | None = None
    """The score to reach; this or `points`."""
    reason: LongText = ""
    """Template; stands in the history of the score."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.points is None) == (self.set_to is None):
            raise invalid(Problem((), 'adjust_score takes either "points" or "set_to"'))
        return self


class AdjustScoreStep(BaseStep):
    """Adjusts a score by hand, as it were."""

    kind: ClassVar[str] = "adjust_score"
    example: ClassVar[str] = '{adjust_score: {profile: engagement, points: 5, reason: "looked after"}}'
    adjust_score: Adjustment
    """What it does."""

    def does(self) -> str:
        change = self.adjust_score
        if change.set_to is not None:
            return f"set {change.profile} to {change.set_to}"
        points = change.points or 0
        count = f"{abs(points)} point{'' if abs(points) == 1 else 's'}"
        return f"add {count} to {change.profile}" if points >= 0 else f"take {count} from {change.profile}"

    def templates(self) -> Iterator[tuple[Loc, str]]:
        yield ("adjust_score", "reason"), self.adjust_score.reason


_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = ("host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "accept-encoding")


class Webhook(Definition):
    """A signed HTTP request with a JSON body; what is answered can be read by later steps.

    Without a body, POST, PUT and PATCH send the record, its score and what enrolled it.
    """

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    """Template."""
    method: Literal["POST", "PUT", "PATCH", "GET", "DELETE"] = "POST"
    """HTTP method."""
    headers: dict[Text, StrictStr] = Field(default={})
    """Templates."""
    body: Any = None
    """Sent as JSON; texts in it are templates."""

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        problems = []
        if not re.match(r"https?://[^\s/]|\{\{", self.url):
            problems.append(Problem(("url",), "a webhook's url starts with https:// or http://"))
        if re.match(r"https?://[^/?#]*@", self.url):
            problems.append(
                Problem(("url",), "a url with a login shows it to everybody; use the header Authorization")
            )
        for name in self.headers:
            if not _HEADER.fullmatch(name):
                problems.append(Problem(("headers", name), f'"{name}" is not the name of a header'))
            elif name.lower() in _OURS or name.lower().startswith("webhook-"):
                problems.append(Problem(("headers", name), f"the header {name} is set by Kindling itself"))
        if problems:
            raise invalid(*problems)
        return self


class WebhookStep(BaseStep):
    """Calls another system, again and again until it answers, for a day; each try has the same `webhook-id`."""

    kind: ClassVar[str] = "webhook"
    example: ClassVar[str] = '{webhook: {url: "https://crm.example/hooks/hot"}}'
    answers: ClassVar[bool] = True
    webhook: Webhook
    """What it does."""

    def does(self) -> str:
        return called(self.webhook.url)

    def templates(self) -> Iterator[tuple[Loc, str]]:
        yield ("webhook", "url"), self.webhook.url
        yield from texts_in(self.webhook.headers, ("webhook", "headers"))
        yield from texts_in(self.webhook.body, ("webhook", "body"))
