"""The first example: Jhon has 4 points, reaches the stage that adds 3, and a follow-up takes care of him."""

import time
from typing import Any

from commands.demo.client import Client, until
from commands.output import say
from conditions.times import from_iso
from runtime.errors import ReadableError

PROFILE = "engagement"
AUTOMATION = "interested-contact"
PATIENCE = 30.0


async def play(client: Client, suffix: str) -> str | None:
    """Tell the story; the address of the follow-up in the Temporal UI."""
    key = f"jhon{suffix}"
    say("\nA score change starts a follow-up", "bold")
    jhon = {"name": "Jhon", "email": f"{key}@example.com", "stage": "lead", "owner": "maria"}
    await client.send("PUT", f"/v1/contacts/{key}", jhon)
    events = [
        {"id": f"{key}:1", "type": "email.opened", "contact": key},
        {"id": f"{key}:2", "type": "form.submitted", "contact": key},
    ]
    await client.send("POST", "/v1/events", events)
    await until("Jhon's score of 4", lambda: _score(client, key, 4), PATIENCE)
    say("  Jhon opened a mail (1 point) and sent a form (3 points): his score is 4.")
    start = time.time()
    await client.send("PATCH", f"/v1/contacts/{key}", {"stage": "demo"})
    say("  He reaches the stage demo, which adds 3 points:\n")
    enrollment = await until("Jhon's follow-up", lambda: _completed(client, key), PATIENCE)
    history = (await client.get(f"/v1/contacts/{key}/scores/{PROFILE}"))["history"]
    contact = await client.get(f"/v1/contacts/{key}")
    tasks = (await client.get("/v1/tasks", contact=key))["items"]
    notices = (await client.get("/v1/notifications", contact=key))["items"]
    change = history[0]
    if (change["previous"], change["current"]) != (4, 7) or contact["tags"] != ["hot"]:
        raise ReadableError(f"Jhon's story went wrong: {change}, tags {contact['tags']}")
    if len(tasks) != 1 or len(notices) != 1:
        raise ReadableError(f"Jhon has {len(tasks)} tasks and {len(notices)} notifications, not one of each")
    moments = [
        (change["at"], f"score 4 → 7, greater or equal 5: {AUTOMATION} fires"),
        (enrollment["started_at"], "its follow-up is started"),
        (notices[0]["created_at"], f"{notices[0]['recipient']} is notified: {notices[0]['subject']}"),
        (tasks[0]["created_at"], f"task for {tasks[0]['assign_to']}: {tasks[0]['title']}"),
        (contact["updated_at"], "Jhon is tagged hot"),
        (enrollment["finished_at"], "the follow-up is completed"),
    ]
    for moment, text in sorted(moments, key=lambda line: from_iso(line[0])):
        say(f"  {from_iso(moment) / 1_000 - start * 1_000:6.0f} ms  {text}")
    return str(enrollment["workflow_url"]) if enrollment["workflow_url"] else None


async def _score(client: Client, key: str, wanted: int) -> bool | None:
    scores = (await client.get(f"/v1/contacts/{key}/scores"))["items"]
    return any(s["profile"] == PROFILE and s["score"] == wanted for s in scores) or None


async def _completed(client: Client, key: str) -> dict[str, Any] | None:
    enrollments = (await client.get("/v1/enrollments", contact=key, automation=AUTOMATION))["items"]
    for enrollment in enrollments:
        if enrollment["status"] == "failed":
            raise ReadableError(f"Jhon's follow-up failed: {enrollment['last_error']}")
    return enrollments[0] if enrollments and enrollments[0]["status"] == "completed" else None
