"""Editing a contact or deal: one form, what it would bring about said before it is done."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from console.forms import Form
from console.pages import Desk, see
from console.records.reading import bands_of, published, read, told
from services.preconditions import Precondition, PreconditionFailed, Tags
from services.records.answers import Contact, Deal
from services.records.kinds import Kind
from services.resources import Conflict, Invalid

#: Fields that every record of a kind has, in the order of the form.
TEXTS: Mapping[Kind, tuple[str, ...]] = {
    "contact": ("name", "email", "phone", "stage", "owner"),
    "deal": ("name", "pipeline", "stage", "currency", "owner"),
}
CHANNELS = ("email", "sms", "whatsapp", "call", "push")


def editing(desk: Desk, kind: Kind, key: str, form: Form | None) -> Response:
    """The form, or what is wrong with it, or what it would bring about, or the record after it."""
    record = read(desk, kind, key)
    errors: dict[str, str] = {}
    consequences = None
    changed: list[str] = []
    if form is not None:
        try:
            body = _body(kind, form, record)
            if not body:
                return see(f"/{kind}s/{record.key}")
            if kind == "contact" and not form.text("confirmed"):
                consequences = desk.application.consequences.of_change(key, body)
            if consequences is None or not (
                consequences.scores or consequences.starts or consequences.ends or consequences.skipped
            ):
                when = Precondition(match=Tags(strong=(form.text("tag"),)))
                records = desk.application.contacts if kind == "contact" else desk.application.deals
                records.patch(key, body, when)
                return see(f"/{kind}s/{record.key}?tab=fields", "saved")
        except Invalid as error:
            errors = told(error)
        except PreconditionFailed as error:
            changed = error.changed
            errors = {
                "": desk.speech.gettext(
                    "Somebody has changed this meanwhile. What you typed is below; save again to keep it."
                )
            }
        except Conflict as error:
            errors = {"": str(error)}
    return desk.page(
        "records/edit.html",
        422 if errors else 200,
        kind=kind,
        record=record,
        texts=TEXTS[kind],
        own=_own(record, form),
        form=form,
        errors=errors,
        changed=changed,
        consequences=consequences,
        bands={one.key: bands_of(one) for one in published(desk, kind)},
    )


def _own(record: Contact | Deal, form: Form | None) -> list[tuple[str, str]]:
    """The record's own fields as they are edited: (name, JSON or plain text)."""
    if form is not None:
        names, values = form.every("field-name"), form.every("field-value")
        return [(name, value) for name, value in zip(names, values, strict=False) if name or value]
    return [(name, as_text(value)) for name, value in sorted(record.fields.items())]


def as_text(value: Any) -> str:
    """A value as it is typed: texts as they are, unless they would be read as something else; all else as JSON."""
    if isinstance(value, str) and _typed(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _typed(text: str) -> Any:
    """What was typed: a number, true, false, a list or a quoted text where it is one, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _body(kind: Kind, form: Form, record: Contact | Deal) -> dict[str, Any]:
    """What differs from the record as the form was filled with it."""
    body: dict[str, Any] = {}
    for name in TEXTS[kind]:
        typed = form.optional(name)
        if name in form and typed != getattr(record, name):
            body[name] = typed
    if isinstance(record, Deal):
        value = form.optional("value")
        if "value" in form and (typed_value := None if value is None else _typed(value)) != record.value:
            body["value"] = typed_value
        if form.text("status") and form.text("status") != record.status:
            body["status"] = form.text("status")
    fields: dict[str, Any] = {}
    names, values = form.every("field-name"), form.every("field-value")
    given = {name.strip(): value.strip() for name, value in zip(names, values, strict=False) if name.strip()}
    for name, value in given.items():
        typed_field = _typed(value) if value else None
        if record.fields.get(name) != typed_field:
            fields[name] = typed_field
    if fields:
        body["fields"] = fields
    return body
