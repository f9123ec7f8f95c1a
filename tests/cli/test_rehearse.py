"""Rehearsals and test messages on the command line."""

import pytest

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import PROFILE, Write
from tests.workflows.mail_server import mail_server

AUTOMATION = """
kind: automation
key: tell
trigger: {event: asked, where: {plan: {equal: pro}}}
steps:
  - notify: {to: sales, subject: "{{ contact.label }}", message: "wants {{ event.plan }}\\nfor {{ event.seats + 1 }}"}
  - key: size
    if: {event.seats: {greater: 10}}
    then:
      - create_task: {title: Call, assign_to: anna, due_in: 1d}
    else:
      - wait: 2d
  - webhook: {url: "https://crm.example/hook", body: {plan: "{{ event.plan }}"}}
  - add_tag: told
---
kind: recipient
key: sales
channels: ["mailto:sales@example.test"]
"""


@pytest.fixture
def defined(kindling: Kindling, written: Write) -> Kindling:
    """An automation is published, and a contact exists."""
    kindling("apply", written("defs/mini.yaml", PROFILE + "---\n" + AUTOMATION).parent, "--no-wait")
    kindling("import", written("people.csv", "contact\nada\n"), "--type", "hello")
    return kindling


ASKED = ("--contact", "ada", "--event", "asked", "--property", "plan=pro", "--property", "seats=3")


def test_every_step_is_told_in_order(defined: Kindling) -> None:
    said = defined("rehearse", "tell", *ASKED).stdout
    for line in (
        "tell (version 1) for ada, rehearsed: nothing is written",
        "Trigger: its trigger enrolls",
        "  holds: plan is pro (it is 'pro')",
        "    to sales (sales@example.test), recorded only",
        "    | wants pro",
        "    | for 4",
        "    goes else: no",
        "    POST https://crm.example/hook",
        '    | {"plan": "pro"}',
        '    contact tags: [] → ["told"]',
    ):
        assert line in said.splitlines()
    assert "Assumed: webhooks are taken, and answer nothing" in said
    told = defined.json("rehearse", "tell", *ASKED, "--take", "size=then")
    assert [step["path"] for step in told["steps"]] == ["0", "1", "1.then.0", "2", "3"]
    assert told["steps"][2]["task"]["assign_to"] == "anna"
    assert defined.json("enrollments") == []


def test_a_file_is_checked_and_rehearsed_before_anything_is_saved(defined: Kindling, written: Write) -> None:
    file = written("next.yaml", AUTOMATION.replace("add_tag: told", "add_tag: asked-for"))
    told = defined.json("rehearse", "tell", *ASKED, "--file", file)
    assert (told["of"], told["steps"][-1]["title"]) == ("document", "add tag asked-for")
    wrong = written("wrong.yaml", AUTOMATION.replace("{{ event.plan }}", "{{ evnt.plan }}"))
    refused = defined("rehearse", "tell", *ASKED, "--file", wrong, status=1).stderr
    assert f"{wrong}:6:" in refused
    assert 'has no automation "tel"; did you mean "tell"?' in (
        defined("rehearse", "tel", *ASKED, "--file", file, status=1).stderr
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the contact, or the deal, for whom to rehearse"),
        (("--contact", "ada", "--take", "size"), "--take takes NAME=VALUE, such as --take 2=else"),
        (("--contact", "ada", "--send-to", "me@example.test"), "no mail server is configured"),
    ],
)
def test_what_is_missing_is_named(defined: Kindling, arguments: tuple[str, ...], said: str) -> None:
    assert said in defined("rehearse", "tell", *arguments, status=1).stderr


def test_messages_go_to_whom_they_are_meant_for(defined: Kindling) -> None:
    """A rehearsal's to one address, a test to the recipient, and nothing to anybody else."""
    with mail_server() as (url, box):
        defined.environment["KINDLING_SMTP_URL"] = url
        told = defined("rehearse", "tell", *ASKED, "--send-to", "me@example.test").stdout
        assert "Test of step 0: sent" in told
        assert "mailto:sales@example.test  sent" in defined("test-message", "sales").stdout
        box.answers = ["554 no"]
        failed = defined("test-message", "sales", status=1).stdout
    assert "failed: the mail server answered with code 554" in failed
    assert [mail["To"] for mail in box.accepted] == ["me@example.test", "sales@example.test"]
