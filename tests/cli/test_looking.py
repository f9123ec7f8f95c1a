from pathlib import Path

from tests.cli.conftest import Kindling
from tests.cli.test_definitions import AUTOMATION, PROFILE


def test_hold_is_seen_in_the_status_until_released(kindling: Kindling) -> None:
    assert kindling.json("hold") == {"held": True, "queued": 0}
    assert "held back" in kindling("status").stdout
    assert kindling.json("status")["held"] is True
    assert "start again" in kindling("release").stdout
    assert kindling.json("status")["held"] is False


def test_a_fresh_installation_says_that_nothing_runs(kindling: Kindling) -> None:
    state = kindling.json("status")
    assert (state["temporal"], state["workers"], state["pending_events"]) == ("down", [], 0)
    shown = kindling("status").stdout
    assert "none; start one with: kindling up" in shown
    assert "\x1b" not in shown


def test_enrollments_of_a_fresh_installation(kindling: Kindling) -> None:
    assert kindling("enrollments").stdout == "No enrollments.\n"
    said = kindling("enrollments", "--status", "runing", status=1).stderr
    assert 'There is no status "runing"; did you mean "running"?' in said
    assert 'no automation "none"' in kindling("enrollments", "--automation", "none", status=1).stderr


def test_a_contact_is_erased_for_good_and_the_suppression_lifted(kindling: Kindling, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("contact,type\nada,purchase\n")
    kindling("import", file)
    assert "erased for good" in kindling("erase", "ada", "--suppress", "--yes").stdout
    assert "no contact" in kindling("erase", "ada", "--yes", status=1).stderr
    again = kindling("import", file, "--name", "again")
    assert "Imported 0 events" in again.stdout
    assert "1 event left out of persons who were erased for good" in again.stdout
    [one] = kindling.json("suppressions")["items"]
    assert (one["reason"], one["met"]) == ("erased", 1)
    assert one["id"][:8] in kindling("suppressions").stdout
    assert "lifted" in kindling("suppressions", "--lift", one["id"]).stdout
    assert kindling("suppressions").stdout == "Nobody is suppressed.\n"
    assert kindling.json("import", file, "--name", "third")["accepted"] == 1


def test_without_a_mail_server_it_is_said_that_messages_are_only_recorded(
    kindling: Kindling, tmp_path: Path
) -> None:
    said = "only recorded: no mail server is configured (KINDLING_SMTP_URL)"
    folder = tmp_path / "defs"
    folder.mkdir()
    notifying = f"{AUTOMATION}  - notify: {{to: contact, message: hello}}\n"
    (folder / "all.yaml").write_text(f"{PROFILE}---\n{notifying}")
    assert f"Messages:    {said}" in kindling("status").stdout
    assert kindling.json("status")["mail"] == {"state": "unknown", "reason": None}
    for command in ("check", "plan"):
        assert f"Note: the messages of `notify` are {said}" in kindling(command, folder).stderr
        assert kindling.json(command, folder)["notes"] == [f"the messages of `notify` are {said}"]
    (folder / "all.yaml").write_text(PROFILE)
    assert kindling.json("check", folder)["notes"] == []
    kindling.environment["KINDLING_SMTP_URL"] = "smtp://127.0.0.1:9"
    assert "Messages:    not known while no worker runs" in kindling("status").stdout
    kindling.environment["KINDLING_OUTBOUND"] = "log"
    assert "only recorded: nothing leaves while KINDLING_OUTBOUND is log" in kindling("status").stdout
