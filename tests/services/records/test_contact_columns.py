"""What a contact's and a deal's fields are is the same wherever it is spelled: in conditions, columns and answers."""

from conditions.fields import CONTACT_FIELDS, DEAL_FIELDS
from services.records.answers import Contact, Deal
from services.records.contacts import ContactIn
from services.records.deals import DealIn
from store.records import contacts, deals
from store.scoring.facts import ContactFacts, DealFacts
from store.tables import Contact as ContactRow
from store.tables import Deal as DealRow
from store.tables import table

#: Besides its fields.
BESIDES = {"id", "fields", "updated_at"}


def test_contacts_have_the_same_fields_everywhere() -> None:
    fields = set(CONTACT_FIELDS)
    assert fields <= set(table(ContactRow).columns.keys())
    assert set(Contact.model_fields) == fields | BESIDES == {*Contact.STATE}
    assert {*contacts.WRITABLE} == fields - {"key", "created_at"} | {"fields"}
    assert {*ContactIn.model_fields} >= fields - {"key", "created_at"}
    facts = {*ContactFacts.COLUMNS, *ContactFacts.DOCUMENTS, "contact.created_at"}
    assert facts == {f"contact.{name}" for name in fields}


def test_deals_have_the_same_fields_everywhere() -> None:
    fields = set(DEAL_FIELDS)
    assert fields <= set(table(DealRow).columns.keys())
    assert fields | BESIDES <= {*Deal.model_fields} == {*Deal.STATE}
    assert {*deals.WRITABLE} == fields - {"key", "created_at"} | {"fields"}
    assert {*DealIn.model_fields} >= fields - {"key", "created_at"}
    facts = {*DealFacts.COLUMNS, *DealFacts.DOCUMENTS, "deal.created_at"}
    assert facts == {f"deal.{name}" for name in fields}
