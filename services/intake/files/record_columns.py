"""What the columns of a file of contacts or deals can be, and what its owner says about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.intake.files.cell_values import VALUE_KINDS, NumberForm
from services.intake.files.dates import DateForms
from services.records.kinds import Kind

#: What a column can be besides a field of the caller's own, by the names that it usually has, the likeliest first.
USUAL: Mapping[Kind, Mapping[str, Sequence[str]]] = {
    "contact": {
        "key": ("key", "contact", "contactid", "contactkey", "customer", "customerid", "id"),
        "email": ("email", "emailaddress", "mail", "emailadresse"),
        "name": ("name", "fullname", "contactname", "displayname"),
        "first_name": ("firstname", "givenname", "vorname"),
        "last_name": ("lastname", "surname", "familyname", "nachname"),
        "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "telefon"),
        "stage": ("stage", "lifecyclestage"),
        "owner": ("owner", "contactowner"),
        "tags": ("tags", "tag", "labels"),
        "dnd": ("dnd",),
        "created_at": ("createdat",),
    },
    "deal": {
        "key": ("key", "deal", "dealid", "dealkey", "opportunity", "opportunityid", "id"),
        "contact": ("contact", "contactid", "contactkey", "customer", "customerid"),
        "email": ("email", "contactemail", "emailaddress", "mail", "emailadresse"),
        "name": ("name", "dealname", "title", "opportunityname"),
        "pipeline": ("pipeline",),
        "stage": ("stage", "dealstage", "phase"),
        "status": ("status", "dealstatus"),
        "value": ("value", "amount", "dealvalue", "betrag", "wert"),
        "currency": ("currency", "dealcurrency"),
        "owner": ("owner", "dealowner"),
        "tags": ("tags", "tag", "labels"),
        "created_at": ("createdat",),
    },
}
#: One of these says which record a row is about.
IDENTIFY: Mapping[Kind, Sequence[str]] = {"contact": ("key", "email"), "deal": ("key",)}
LEFT_OUT = "-"
OF_FIELD = "fields."


class Target(NamedTuple):
    """What a column is: a field that every record has, or `own`, one of the caller's own; and its cells' kind."""

    name: str
    own: bool
    kind: str = "any"

    def __str__(self) -> str:
        return f"{OF_FIELD}{self.name}" if self.own else self.name


@dataclass(frozen=True)
class RecordColumns:
    """What the caller says about the columns: `given`, by column. `form`, `dates`: how numbers and dates are written.

    `restore`: when records were created is of interest.
    """

    given: Mapping[str, Target | None] = field(default_factory=dict)
    form: NumberForm | None = None
    dates: DateForms = field(default_factory=DateForms)
    restore: bool = False

    @property
    def said(self) -> bool:
        """Whether the caller says anything of columns."""
        return bool(self.given) or self.form is not None or self.dates != DateForms()

    def likely(self, kind: Kind) -> frozenset[str]:
        """Names, without case, of columns that the file is likely to have."""
        usual = (name for names in USUAL[kind].values() for name in names)
        return frozenset((*usual, *(column.casefold() for column in self.given)))


def parse_mapping(text: str, kind: Kind = "contact") -> tuple[str, Target | None]:
    """`COLUMN=FIELD[:number|text|boolean|date]`, or `COLUMN=-` for one that is left out; raises ValueError."""
    column, equals, target = text.partition("=")
    column, target = column.strip(), target.strip()
    if not column or not equals or not target:
        raise ValueError(
            f'"{text}" is no mapping; write Ort=city, Plz=zip:text, or Note=- to leave a column out'
        )
    if target == LEFT_OUT:
        return column, None
    name, _, of = target.rpartition(":")
    if not name:
        name, of = target, "any"
    elif of not in VALUE_KINDS:
        raise ValueError(f'"{text}": a field is a number, text, boolean or date, not "{of}"')
    own = name.removeprefix(OF_FIELD)
    return column, Target(own, name.startswith(OF_FIELD) or name not in USUAL[kind], of)
