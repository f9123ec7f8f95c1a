"""Automations and recipients as their authors write them."""

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag

from automations.addresses import NoAddress, mailbox, mailto
from automations.steps.course import Course
from automations.steps.kinds import Step
from automations.steps.waits import EventType
from conditions.definition import Definition, Key, LongText, Text, WholeNumber
from conditions.tree import Conditions
from triggers.model import Trigger


class ExitEvent(Definition):
    """An event that ends a follow-up early."""

    event: EventType
    """The event type that ends it."""
    where: Conditions = Field(default={})
    """What must hold of the event."""


def _exit_branch(value: Any) -> str:
    by_event = isinstance(value, ExitEvent) or (
        isinstance(value, dict) and isinstance(value.get("event"), str)
    )
    return "exit event" if by_event else "exit conditions"


ExitWhen = Annotated[
    Annotated[Conditions, Tag("exit conditions")] | Annotated[ExitEvent, Tag("exit event")],
    Discriminator(_exit_branch),
]


class Automation(Definition):
    """A trigger and the steps that follow."""

    kind: Literal["automation"] = "automation"
    """Says what the document is."""
    key: Key
    """Your own stable name for the automation."""
    name: Text | None = None
    """For people."""
    description: LongText = ""
    """For people."""
    trigger: Trigger
    """When a contact or deal is enrolled."""
    steps: Annotated[list[Step], Field(min_length=1)]
    """What happens then, in order; at most 500."""
    exit_when: ExitWhen | None = None
    """Ends a follow-up early: conditions, or an `event` with `where`."""
    order: WholeNumber = 0
    """Where several automations enroll a record because of the same change: the lower one does its first steps first,
    then the next; among equals the key decides."""

    @property
    def title(self) -> str:
        """What people read: the name, or else the key."""
        return self.name or self.key

    @cached_property
    def course(self) -> Course:
        """Its steps as a follow-up takes them."""
        return Course(self.steps)


def _check_channel(channel: str) -> str:
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.\-]*:\S+", channel):
        raise ValueError(
            f'"{channel}" is not a channel; write mailto:sales@example.com or https://chat.example/hook'
        )
    address = mailto(channel)
    if address is not None:
        try:
            mailbox(address)
        except NoAddress as error:
            raise ValueError(
                f'what follows mailto: in "{channel}" {error}; write mailto:sales@example.com, and each address as a '
                "channel of its own"
            ) from None
    return channel


ChannelAddress = Annotated[str, Field(max_length=2_000), AfterValidator(_check_channel)]


class Recipient(Definition):
    """Whom notifications reach, on all of its channels: `mailto:` addresses and URLs."""

    kind: Literal["recipient"] = "recipient"
    """Says what the document is."""
    key: Key
    """The name that `notify` uses."""
    name: Text | None = None
    """For people."""
    channels: list[ChannelAddress] = Field(default=[])
    """Where messages go, all of them: `mailto:sales@example.com`. This version sends e-mail; other
    addresses are kept and not used."""


def definition(model: BaseModel) -> dict[str, Any]:
    """The model as JSON, exactly as its author wrote it: for storage, comparison and display."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
