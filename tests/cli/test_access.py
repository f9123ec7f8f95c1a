"""People, keys and the audit on the command line, which lets in whoever is locked out."""

import os
import pty
import subprocess

from tests.cli.conftest import Kindling

PASSWORD = "tiger-lamp-42-orbit"


def typed(kindling: Kindling, *arguments: str, text: str, status: int = 0) -> str:
    done = subprocess.run(
        kindling.command(*arguments),
        env=kindling.environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_people_are_added_listed_changed_and_disabled(kindling: Kindling) -> None:
    assert "Nobody can sign in" in kindling("people", "list").stdout
    added = typed(
        kindling, "people", "add", "ada", "--role", "admin", "--password-stdin", text=f"{PASSWORD}\n"
    )
    assert "ada: ada, admin" in added
    assert "From now on every call needs a key" in added
    assert PASSWORD not in added
    later = kindling("people", "add", "ben", "--role", "sales", "--name", "Ben", "--no-password")
    assert "From now on" not in later.stdout
    assert "kindling people password ben" in later.stderr
    assert [one["key"] for one in kindling.json("people", "list")] == ["ada", "ben"]
    assert "at least 12" in typed(
        kindling, "people", "password", "ben", "--password-stdin", text="short\n", status=1
    )
    typed(kindling, "people", "password", "ben", "--password-stdin", text=f"{PASSWORD}\n")
    assert kindling.json("people", "change", "ben", "--role", "designer")["role"] == "designer"
    assert "ben: Ben, designer, disabled" in kindling("people", "disable", "ben").stdout
    assert kindling.json("people", "disable", "ben", "--undo")["disabled"] is False
    assert "no person" in kindling("people", "disable", "eve", status=1).stderr
    did = [
        (one["action"], one["subject"], one["kind"]) for one in kindling.json("audit", "--thing", "person")
    ]
    assert did[-1] == ("add", "ada", "command line")
    assert did[0] == ("change", "ben", "command line")
    assert PASSWORD not in kindling("audit", "--json").stdout
    assert "argon2" not in kindling("audit", "--json").stdout


def test_without_a_terminal_nobody_is_asked_for_a_password(kindling: Kindling) -> None:
    said = typed(kindling, "people", "add", "ada", "--role", "sales", text="", status=1)
    assert "--password-stdin" in said


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(kindling: Kindling) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        kindling.command("people", "add", "ada", "--role", "sales"),
        env=kindling.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    for prompt in (
        b"Password: ",
        b"confirmation: ",
    ):  # the blank comes once nothing that is typed is thrown away
        while prompt not in seen:
            seen += os.read(ours, 1024)
        os.write(ours, f"{PASSWORD}\n".encode())
    while b"ada: ada, sales" not in seen:
        seen += os.read(ours, 1024)
    assert process.wait(timeout=60) == 0
    os.close(ours)
    assert PASSWORD.encode() not in seen


def test_keys_are_made_listed_and_revoked(kindling: Kindling) -> None:
    assert "No keys" in kindling("keys", "list").stdout
    made = kindling.json("keys", "add", "crm", "--may", "ingest", "--may", "read", "--ends", "90d")
    assert made["permissions"] == ["ingest", "read"]
    assert made["key"].startswith(made["prefix"])
    [listed] = kindling.json("keys", "list")
    assert "key" not in listed
    assert made["key"] not in kindling("keys", "list").stdout
    assert "opens nothing any more" in kindling("keys", "revoke", "crm").stdout
    assert kindling.json("keys", "list")[0]["revoked_at"] is not None
    assert "no key" in kindling("keys", "revoke", "crm", status=1).stderr
    assert [one["action"] for one in kindling.json("audit", "--thing", "key")] == ["revoke", "make"]
    kindling("keys", "add", "crm", "--may", "everything", status=2)
