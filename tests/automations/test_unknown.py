"""What nothing knows is named, by automations and by rules, and no more is claimed than was asked."""

from collections.abc import Collection
from typing import Any

import pytest

from automations.known import Known
from automations.model import Automation, Recipient
from automations.profile_warnings import profile_warnings
from automations.warnings import recipient_warnings, warnings_of
from scoring.profile import ScoreProfile


class Fields:
    """Contacts have a city, deals have nothing; `without` of ten contacts have no name."""

    def __init__(self, without: int = 0) -> None:
        self.without = without

    def has(self, kind: str, name: str) -> bool:
        return (kind, name) == ("contact", "city")

    def names(self, kind: str) -> Collection[str]:
        return ["city"] if kind == "contact" else []

    def nameless(self) -> tuple[int, int]:
        return self.without, 10


ASKED = Known(
    profiles={"p": None},
    event_types=["email.opened"],
    named_events=frozenset({"email.opend"}),
    tags=lambda: ["partner"],
    fields=Fields(),
    set_fields=frozenset({"segment"}),
)
NOT_ASKED = Known(
    profiles={"p": None}, added_tags=frozenset({"partner"}), named_events=frozenset({"a.b"}), asked=False
)


def of_rules(*rules: dict[str, Any], known: Known = ASKED, **more: Any) -> dict[str, str]:
    """Warnings by pointer."""
    keyed = [{"key": f"r{index}", "points": 1, **rule} for index, rule in enumerate(rules)]
    profile = ScoreProfile.model_validate({"key": "p", "rules": keyed, **more})
    return {warning.pointer: warning.message for warning in profile_warnings(profile, known)}


def of_steps(*steps: dict[str, Any], known: Known = ASKED) -> dict[str, str]:
    raw = {"key": "a", "trigger": {"event": "email.opened"}, "steps": list(steps)}
    return {
        warning.pointer: warning.message for warning in warnings_of(Automation.model_validate(raw), known)
    }


def test_event_types_of_rules_that_have_never_been_seen_are_named() -> None:
    warnings = of_rules(
        {"on": "email.opend"}, {"on": "tag.added"}, {"after_silence": "3d", "of": ["email.opened", "x"]}
    )
    assert warnings == {
        "/rules/0/on": 'no event "email.opend" has been seen so far; did you mean "email.opened"?',
        "/rules/2/of/1": 'no event "x" has been seen so far',
    }


def test_without_a_database_rules_may_name_any_event_but_a_slip_of_our_own() -> None:
    assert of_rules({"on": "email.opend"}, {"on": "whatever"}, known=NOT_ASKED) == {}
    slip = of_rules({"on": "tag.addded"}, known=NOT_ASKED)
    assert slip == {
        "/rules/0/on": 'no event "tag.addded" is made by changes of records; did you mean "tag.added"?'
    }


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"while": {"tags": {"has": "partnr"}}}, "/rules/0/while/tags/has"),
        (
            {"on": "email.opened", "where": {"contact.tags": {"has": "partnr"}}},
            "/rules/0/where/contact.tags/has",
        ),
    ],
)
def test_tags_of_rules_that_nobody_has_are_named(rule: dict[str, Any], pointer: str) -> None:
    message = 'no contact or deal has the tag "partnr", and no automation adds it; did you mean "partner"?'
    assert of_rules(rule) == {pointer: message}
    guessed = 'no automation in these files adds the tag "partnr"; did you mean "partner"?'
    assert of_rules(rule, known=NOT_ASKED) == {pointer: guessed}


def test_a_property_of_an_event_is_no_tag_and_no_field() -> None:
    assert of_rules({"on": "email.opened", "where": {"tags": {"has": "x"}, "stag": {"equal": "x"}}}) == {}


def test_fields_of_rules_that_no_record_has_are_named() -> None:
    rule = {
        "while": {
            "cityy": {"equal": "x"},
            "city": {"equal": "x"},
            "segment": {"equal": "x"},
            "stag": {"equal": "x"},
        }
    }
    assert of_rules(rule) == {
        "/rules/0/while/cityy": 'no contact has a field "cityy", and no automation sets it; did you mean "city"?',
        "/rules/0/while/stag": '"contact.stag" is a field of your own; did you mean "stage"?',
    }
    assert of_rules(rule, known=NOT_ASKED) == {
        "/rules/0/while/stag": '"contact.stag" is a field of your own; did you mean "stage"?'
    }


def test_where_no_record_has_any_field_none_is_missed() -> None:
    assert of_rules({"while": {"size": {"equal": "x"}}}, applies_to="deal") == {}


def test_fields_in_conditions_and_templates_of_automations_are_named() -> None:
    warnings = of_steps(
        {"if": {"contact.cityy": {"equal": "x"}}, "then": []},
        {"create_task": {"title": "{{ contact.region }} {{ contact.city }} {{ contact.segment }}"}},
    )
    assert warnings == {
        "/steps/0/if/contact.cityy": 'no contact has a field "cityy", and no automation sets it; did you mean "city"?',
        "/steps/1/create_task/title": 'no contact has a field "region", and no automation sets it',
    }


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://10.0.0.7/x", "10.0.0.7"),
        ("http://[::1]:8080/x", "::1"),
        ("http://169.254.169.254/latest", "169.254.169.254"),
        ("https://localhost/x", "localhost"),
        ("https://crm/x", "crm"),
        ("https://crm.internal/x", "crm.internal"),
        ("https://nas.local/x", "nas.local"),
    ],
)
def test_webhooks_to_private_hosts_are_named_unless_they_are_allowed(url: str, host: str) -> None:
    said = of_steps({"webhook": {"url": url}})["/steps/0/webhook/url"]
    assert said.startswith(f'"{host}" is private')
    allowed = Known(profiles={}, webhook_allow=[host])
    assert "/steps/0/webhook/url" not in of_steps({"webhook": {"url": url}}, known=allowed)


@pytest.mark.parametrize(
    "url", ["https://crm.example.com/x", "https://8.8.8.8/x", "https://{{ secret.host }}/x"]
)
def test_hosts_that_are_public_or_not_written_out_are_none(url: str) -> None:
    assert of_steps({"webhook": {"url": url}}) == {}


def test_a_private_network_may_be_allowed() -> None:
    known = Known(profiles={}, event_types=["email.opened"], webhook_allow=["10.0.0.0/8"])
    assert of_steps({"webhook": {"url": "http://10.0.0.7/x"}}, known=known) == {}


@pytest.mark.parametrize(
    ("template", "warned"),
    [
        ("Dear {{ contact.name }}", True),
        ("{{ contact.name | upper }}", True),
        ("{{ contact.name | default('you') }}", False),
        ("{{ contact.name or 'you' }}", False),
        ("{% if contact.name %}{{ contact.name }}{% endif %}", False),
        ("{{ contact.label }}", False),
    ],
)
def test_a_name_that_many_lack_is_no_name_to_write(template: str, warned: bool) -> None:
    def known(without: int) -> Known:
        return Known(profiles={}, event_types=["email.opened"], fields=Fields(without))

    step = {"create_task": {"title": template}}
    place = "/steps/0/create_task/title"
    said = of_steps(step, known=known(4)).get(place, "")
    assert said.startswith("4 of 10 contacts have no name") is warned
    assert of_steps(step, known=known(0)) == {}
    assert place not in of_steps(step, known=NOT_ASKED)


def test_channels_that_nothing_serves_are_named() -> None:
    steps = of_steps({"notify": {"to": ["slack:sales", "sales@example.com"], "message": "x"}})
    assert steps["/steps/0/notify/to/0"].startswith('nothing serves "slack:" yet')
    recipient = Recipient.model_validate(
        {"key": "sales", "channels": ["mailto:a@b.c", "https://chat.example/x"]}
    )
    (warning,) = recipient_warnings(recipient)
    assert (warning.pointer, warning.message[:24]) == ("/channels/1", 'nothing serves "https:" ')
    (none,) = recipient_warnings(Recipient.model_validate({"key": "sales"}))
    assert "has no channels" in none.message


@pytest.mark.parametrize(
    ("bands", "points", "least", "warned"),
    [
        ({"cold": 0, "warm": 20}, -1, None, True),
        ({"warm": 20, "cold": 0}, -1, -5, True),
        ({"cold": 0, "warm": 20}, -1, 0, False),
        ({"cold": 0, "warm": 20}, 1, None, False),
        ({"cold": None, "warm": 20}, -1, None, False),
        ({"warm": 20}, -1, None, False),
        ({}, -1, None, False),
    ],
)
def test_scores_that_fall_out_of_the_lowest_band_are_named(
    bands: dict[str, int | None],
    points: int,
    least: int | None,
    warned: bool,
) -> None:
    rule = {"on": "email.opened", "points": points}
    warnings = of_rules(rule, bands=bands, min=least)
    assert ("/bands/cold" in warnings) is warned


def test_bands_are_in_the_order_of_their_bounds_however_they_were_written() -> None:
    profile = ScoreProfile.model_validate(
        {"key": "p", "bands": {"hot": 50, "cold": None, "bad": -10, "warm": 20}}
    )
    assert list(profile.bands) == ["cold", "bad", "warm", "hot"]
