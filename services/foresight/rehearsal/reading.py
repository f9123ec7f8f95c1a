"""What a rehearsal reads before anything is tried: the automation, the record, what is published."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from automations.checks import automation_errors
from automations.model import Automation
from conditions.problems import Problem
from engine.published import Published
from engine.rehearsal.entering import Named, Version
from services.design.definitions import find_definition, known_definitions
from services.design.documents import read_model
from services.foresight.rehearsal.request import RehearseRequest
from services.records.kinds import Kind, find_record
from services.resources import Conflict, Invalid
from store.connection import Connection, RowMapping
from store.design import definitions
from store.foresight.copies import Copy
from store.records import contacts

Of = Literal["published", "draft", "document"]


@dataclass(frozen=True)
class Basis:
    """What is read before anything is tried. `secret`: the installation's own, which signs webhooks.

    `workers`: of each that is alive, why it only records messages, if it does.
    """

    of: Of
    version: Version
    named: Named
    contact: RowMapping
    deal: RowMapping | None
    takes: Mapping[str, str]
    published: Published
    secret: str | None
    workers: Sequence[str | None]
    copy: Copy


def version_of(connection: Connection, key: str, request: RehearseRequest) -> tuple[Of, Version]:
    """The automation that is rehearsed; raises NotFound, Conflict, or Invalid for a document with mistakes."""
    family = definitions.AUTOMATIONS
    if request.document is not None:
        try:
            automation = read_model(Automation, request.document, key, "automation")
        except Invalid as error:
            raise Invalid(_within(error.problems)) from None
        errors = automation_errors(automation, known_definitions(connection))
        if errors:
            raise Invalid(_within(errors))
        stored = definitions.find_even_archived(connection, family, key)
        if stored is None:
            return "document", Version(automation, 0, 1)
        return "document", Version(automation, stored["id"], stored["latest"] + 1)
    row = find_definition(connection, family, key)
    if request.draft:
        return "draft", Version(Automation.model_validate(row["draft"]), row["id"], row["latest"] + 1)
    published = None
    if row["version"] is not None:
        published = definitions.version_definition(connection, family, row["id"], row["version"])
    if published is None:
        raise Conflict(f'the automation "{key}" is not published; rehearse its draft (draft, --draft)')
    automation = Automation.model_validate(published)
    return "published", Version(automation, row["id"], row["version"], paused=row["paused"])


def named_in(
    connection: Connection, automation: Automation, request: RehearseRequest
) -> tuple[Named, RowMapping, RowMapping | None]:
    """Whom the follow-up is about, the contact and the deal; raises NotFound, or Invalid where they do not fit."""
    deal = find_record(connection, "deal", request.deal) if request.deal is not None else None
    contact = find_record(connection, "contact", request.contact) if request.contact is not None else None
    if deal is not None:
        owner = contacts.contact_by_id(connection, deal["contact_id"])
        if owner is None or (contact is not None and owner["id"] != contact["id"]):
            message = f'the deal "{request.deal}" is not of the contact "{request.contact}"'
            raise Invalid([Problem(("deal",), message)])
        contact = owner
    if contact is None:
        raise Invalid([Problem(("contact",), "name the contact, or the deal, for whom to rehearse")])
    kind: Kind = "deal" if deal is not None else "contact"
    if automation.trigger.profile is not None:
        profile = definitions.find(connection, definitions.PROFILES, automation.trigger.profile)
        kind = profile["applies_to"] if profile is not None else "contact"
    if kind == "deal" and deal is None:
        raise Invalid([Problem(("deal",), f'"{automation.key}" enrolls deals; name one')])
    return Named(kind, contact["id"], deal["id"] if deal is not None else None), contact, deal


def _within(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Mistakes of the document, with their places in the request."""
    return (Problem(("document", *problem.loc), problem.message) for problem in problems)
