"""The address by which a file names contacts is theirs, if they have none."""

import pytest

from store.bulk import Bulk
from tests.services.intake.shop import Shop

FILE = "email,type\nada@example.com,seen\nben@example.com,seen\n"


@pytest.fixture
def shop(each_shop: Shop) -> Shop:
    return each_shop


def changes(shop: Shop) -> list[tuple[str, int]]:
    """The `field.changed` events, with whether they are silent."""
    with shop.database.read() as connection:
        return [
            (row[0], row[1])
            for row in Bulk(connection).rows(
                "SELECT properties, silent FROM events WHERE type = 'field.changed'"
            )
        ]


def touched(shop: Shop, key: str) -> int:
    with shop.database.read() as connection:
        return int(Bulk(connection).rows("SELECT touched FROM contacts WHERE key = ?", key)[0][0])


def test_an_email_column_that_identifies_is_the_contacts_address(shop: Shop) -> None:
    done = shop.take(FILE)
    assert shop.email("ada@example.com") == "ada@example.com"
    assert (changes(shop), done.notes[1:]) == ([], [])


@pytest.mark.parametrize("header", ["Email", "E-Mail", " EMAIL "])
def test_its_name_is_read_without_case(shop: Shop, header: str) -> None:
    shop.take(f"{header},type\nada@example.com,seen\n")
    assert shop.email("ada@example.com") == "ada@example.com"


def test_a_contact_that_is_there_without_one_gets_it_and_is_scored_anew(shop: Shop) -> None:
    shop.events.take([{"type": "seen", "contact": "ada@example.com"}])
    done = shop.take(FILE)
    assert shop.email("ada@example.com") == "ada@example.com"
    assert touched(shop, "ada@example.com") == 1
    assert len(changes(shop)) == 1
    assert "Contacts that had no e-mail address and got that of the file: 1." in done.notes
    assert shop.take(FILE).notes[1:2] != done.notes[1:2]


def test_rows_that_are_known_say_so_too(shop: Shop) -> None:
    """Who imported before addresses were taken imports the file again."""
    shop.take(FILE.replace("email", "customer"))
    assert shop.email("ada@example.com") is None
    assert shop.take(FILE).accepted == 0
    assert shop.email("ada@example.com") == "ada@example.com"


def test_an_address_that_a_contact_has_is_kept_which_is_said(shop: Shop) -> None:
    shop.application.contacts.put("ada@example.com", {"email": "ada@example.org"})
    shop.application.contacts.put("ben@example.com", {"email": "Ben@Example.com"})
    done = shop.take(FILE)
    assert shop.email("ada@example.com") == "ada@example.org"
    assert shop.email("ben@example.com") == "Ben@Example.com"
    assert "Contacts that kept an e-mail address other than the file's: 1." in done.notes


def test_another_column_is_taken_when_it_is_named(shop: Shop) -> None:
    text = "contact,type,mail\nada,seen,ada@example.com\nada,seen,second@example.com\nben,seen,none\n"
    shop.take(text, email="mail")
    assert (shop.email("ada"), shop.email("ben")) == ("ada@example.com", None)
    assert shop.properties() == [{}, {}, {}]
    shop.take(text.replace("mail", "email", 1), "other.csv")
    assert {"email": "none"} in shop.properties()


def test_a_key_that_is_no_address_is_none(shop: Shop) -> None:
    shop.take("email,type\nada,seen\n")
    assert shop.email("ada") is None


def test_a_silent_import_changes_silently_or_not_at_all(shop: Shop) -> None:
    shop.events.take([{"type": "seen", "contact": key} for key in ("ada@example.com", "ben@example.com")])
    shop.take(FILE.replace("ben@", "cleo@"), silent=True)
    assert shop.email("ada@example.com") == "ada@example.com"
    assert [silent for _, silent in changes(shop)] == [1]
    assert touched(shop, "ada@example.com") == 0
    rule = {"key": "reachable", "while": {"email": {"not_empty": True}}, "points": 5}
    shop.application.profiles.save("reach", {"key": "reach", "rules": [rule]})
    shop.application.profiles.publish("reach")
    done = shop.take(FILE, silent=True)
    assert shop.email("ben@example.com") is None
    assert any("Contacts that stay without an e-mail address: 1." in note for note in done.notes)
    shop.take(FILE)
    assert shop.email("ben@example.com") == "ben@example.com"


def test_a_column_called_email_is_the_address_and_stays_a_property(shop: Shop) -> None:
    text = "contact,type,date,E-Mail\nada,seen,2026-05-15,ada@example.com\n"
    assert shop.take(text).accepted == 1
    assert (shop.email("ada"), shop.properties()) == ("ada@example.com", [{"E-Mail": "ada@example.com"}])
    twice = (
        text.replace("E-Mail", "email,e-mail").replace("ada@", "ben@example.com,ben@").replace("ada", "ben")
    )
    assert shop.take(twice, "other.csv").accepted == 1
    assert shop.email("ben") is None
