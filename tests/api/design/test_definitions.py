from typing import Any

import pytest

from tests.api.installation import AUTOMATION, PROFILE, Installation, opened


async def test_a_profile_is_saved_published_changed_and_rolled_back(kindling: Installation) -> None:
    saved = await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    assert (saved.status_code, saved.json()["status"], saved.json()["publishing"]) == (201, "draft", None)
    await kindling.send(*opened("ada", 2))
    published = await kindling.client.post("/v1/profiles/engagement/publish", json={"triggers": "fire"})
    assert (published.status_code, published.json()["version"]) == (202, 1)
    shown = await kindling.get("/v1/profiles/engagement")
    assert (shown["status"], shown["version"], shown["unpublished_changes"]) == ("published", 1, False)
    assert shown["publishing"] == {
        "done": 0,
        "total": 1,
        "status": "running",
        "triggers": "fire",
        "workflow_id": published.json()["workflow_id"],
    }
    assert [publish.version for publish in kindling.publishes] == [1]
    kindling.score()
    assert (await kindling.get("/v1/profiles/engagement"))["publishing"] is None

    doubled = PROFILE | {"rules": [{"key": "opened", "on": "email.opened", "points": 2}]}
    changed = await kindling.client.put("/v1/profiles/engagement", json=doubled)
    assert (changed.status_code, changed.json()["unpublished_changes"]) == (200, True)
    await kindling.client.post("/v1/profiles/engagement/publish")
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"][0]["score"] == 4

    back = await kindling.client.post("/v1/profiles/engagement/rollback", json={"version": 1})
    assert (back.status_code, back.json()["version"]) == (202, 3)
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"][0]["score"] == 2
    versions = (await kindling.get("/v1/profiles/engagement/versions"))["items"]
    assert [(version["version"], version["current"]) for version in versions] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    assert versions[0]["definition"] == versions[2]["definition"]


async def test_publishing_an_unchanged_automation_makes_no_version(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.client.post("/v1/automations/hot/pause")
    shown = await kindling.get("/v1/automations/hot")
    put = await kindling.client.put("/v1/automations/hot", json=shown)
    assert put.status_code == 200
    again = (await kindling.client.post("/v1/automations/hot/publish")).json()
    assert (again["status"], again["version"], again["latest_version"]) == ("published", 1, 1)
    assert "difference" not in again
    back = (await kindling.client.post("/v1/automations/hot/rollback", json={"version": 1})).json()
    assert (back["version"], back["difference"]["diff"]) == (1, "")
    assert len((await kindling.get("/v1/automations/hot/versions"))["items"]) == 1
    await kindling.client.delete("/v1/automations/hot")
    await kindling.automate()
    assert (await kindling.get("/v1/automations/hot"))["version"] == 2


async def test_what_get_shows_can_be_put_back(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    for path in ("/v1/profiles/engagement", "/v1/automations/hot"):
        shown = await kindling.get(path)
        again = await kindling.client.put(path, json=shown)
        assert again.status_code == 200, again.text
        assert again.json()["unpublished_changes"] is False


async def test_a_name_applies_at_once_and_needs_no_publish(kindling: Installation) -> None:
    await kindling.publish()
    renamed = await kindling.client.put("/v1/profiles/engagement", json=PROFILE | {"name": "Heat"})
    assert (renamed.json()["name"], renamed.json()["unpublished_changes"]) == ("Heat", False)


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ([], {"": "send the score profile as an object, as in its YAML document"}),
        ({"key": "other"}, {"/key": '"key" should be "p" here, or be left out'}),
        ({"kind": "automation"}, {"/kind": '"kind" should be "score_profile" here, or be left out'}),
        ({"name": "a\0"}, {"/name": "a text cannot hold the character NUL"}),
        (
            {
                "key": "x",
                "rules": [
                    {"key": "a", "om": "x", "points": 1.5},
                    {"key": "b", "on": "x", "points": 1, "where": {"y": {"equals": 1}}},
                ],
            },
            {
                "/key": '"key" should be "p" here, or be left out',
                "/rules/0/om": 'unknown key "om"; known: key, name, points, group, on, where, limit, '
                "expires_after, decay, while, after_silence, of",
                "/rules/0/points": '"points" should be a whole number',
                "/rules/1/where/y/equals": 'unknown operator "equals"; did you mean "equal"?',
            },
        ),
    ],
)
async def test_every_mistake_in_a_profile_is_told_and_nothing_saved(
    kindling: Installation, document: Any, errors: dict[str, str]
) -> None:
    answer = await kindling.client.put("/v1/profiles/p", json=document)
    assert answer.status_code == 422
    assert {error["pointer"]: error["message"] for error in answer.json()["errors"]} == errors
    assert (await kindling.client.get("/v1/profiles/p")).status_code == 404


@pytest.mark.parametrize(
    ("call", "body", "status", "detail"),
    [
        (
            "profiles/empty/publish",
            None,
            422,
            "the profile has no rules, so every score would be empty; add at least one rule",
        ),
        ("profiles/empty/unpublish", None, 409, 'the profile "empty" is not published'),
        ("profiles/empty/publish", {"triggers": "loud"}, 422, '"triggers" should be silent or fire'),
        (
            "profiles/empty/publish",
            {"trigger": "fire"},
            422,
            'unknown key "trigger"; did you mean "triggers"?',
        ),
        ("profiles/empti/publish", None, 404, 'there is no profile "empti"; did you mean "empty"?'),
        (
            "profiles/empty/rollback",
            {"version": 2},
            409,
            '"empty" has not been published, so there is no version to go back to',
        ),
        (
            "profiles/empty/rollback",
            {"version": "2"},
            422,
            'send the version to go back to, such as {"version": 3}',
        ),
        (
            "automations/a/pause",
            None,
            409,
            'the automation "a" is not published, so there is nothing to pause or resume',
        ),
    ],
)
async def test_calls_that_the_state_forbids_say_what_is_possible(
    kindling: Installation, call: str, body: Any, status: int, detail: str
) -> None:
    await kindling.client.put("/v1/profiles/empty", json={})
    await kindling.client.put(
        "/v1/automations/a", json={"trigger": {"profile": "empty"}, "steps": [{"add_tag": "x"}]}
    )
    extra = {} if body is None else {"json": body}
    answer = await kindling.client.post(f"/v1/{call}", **extra)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


async def test_a_profile_in_use_is_not_archived_and_comes_back_with_its_versions(
    kindling: Installation,
) -> None:
    await kindling.publish()
    await kindling.automate()
    refused = await kindling.client.delete("/v1/profiles/engagement")
    assert (refused.status_code, "hot" in refused.json()["detail"]) == (409, True)
    assert (await kindling.client.delete("/v1/automations/hot")).status_code == 204
    assert (await kindling.client.delete("/v1/profiles/engagement")).status_code == 204
    assert (await kindling.client.get("/v1/profiles/engagement")).status_code == 404
    assert (await kindling.get("/v1/profiles"))["items"] == []
    await kindling.publish()
    assert (await kindling.get("/v1/profiles/engagement"))["version"] == 2


async def test_every_mistake_in_an_automation_is_told(kindling: Installation) -> None:
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    answer = await kindling.client.put(
        "/v1/automations/hot",
        json={
            "trigger": {
                "profile": "engagment",
                "filters": {"scor": {"equal": 5}, "score": {"equal": "five"}},
            },
            "steps": [{"notify": {"to": "sales", "message": "{{ contac.name }}"}}],
        },
    )
    assert answer.status_code == 422
    mistakes = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert set(mistakes) == {
        "/trigger/profile",
        "/trigger/filters/scor",
        "/trigger/filters/score/equal",
        "/steps/0/notify/message",
    }
    assert mistakes["/trigger/profile"] == 'there is no profile "engagment"; did you mean "engagement"?'
    assert (await kindling.client.get("/v1/automations/hot")).status_code == 404


async def test_an_automation_is_paused_and_resumed(kindling: Installation) -> None:
    await kindling.publish()
    saved = await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    assert saved.json()["warnings"] == [
        {
            "pointer": "/steps/0/notify/to",
            "message": 'there is no recipient "sales"; its messages are only recorded',
        }
    ]
    await kindling.automate()
    paused = await kindling.client.post("/v1/automations/hot/pause")
    assert paused.json()["status"] == "paused"
    await kindling.send(*opened("ada", 5))
    kindling.score()
    assert (await kindling.get("/v1/enrollments"))["items"] == []
    resumed = await kindling.client.post("/v1/automations/hot/resume")
    assert resumed.json()["status"] == "published"
    await kindling.send(*opened("ada"))
    kindling.score()
    assert [
        enrollment["current"]
        for enrollment in (await kindling.get("/v1/enrollments", automation="hot"))["items"]
    ] == [6]


async def test_recipients_are_replaced_and_listed(kindling: Installation) -> None:
    channels = ["mailto:sales@example.com"]
    saved = await kindling.client.put("/v1/recipients/sales", json={"name": "Sales", "channels": channels})
    assert saved.json() == {"kind": "recipient", "key": "sales", "name": "Sales", "channels": channels}
    assert await kindling.get("/v1/recipients/sales") == saved.json()
    assert (await kindling.get("/v1/recipients"))["items"] == [saved.json()]
    wrong = await kindling.client.put("/v1/recipients/sales", json={"channels": ["sales@example.com"]})
    assert wrong.json()["errors"][0]["pointer"] == "/channels/0"
    assert (await kindling.client.get("/v1/recipients/nobody")).status_code == 404


async def test_versions_say_who_made_them_and_why(kindling: Installation) -> None:
    rules = {"rules": [{"key": "a", "on": "a", "points": 1}]}
    await kindling.client.put("/v1/profiles/p", json=rules)
    said = {"author": "ada", "comment": "The first"}
    assert (await kindling.client.post("/v1/profiles/p/publish", json=said)).status_code == 202
    await kindling.client.post("/v1/profiles/p/publish", json={"triggers": "silent"})
    back = await kindling.client.post("/v1/profiles/p/rollback", json={"version": 1, "author": "ben"})
    assert back.status_code == 202, back.text
    versions = (await kindling.get("/v1/profiles/p/versions"))["items"]
    assert [(one["version"], one["author"], one["comment"]) for one in versions] == [
        (3, "local for ben", None),
        (2, "local", None),
        (1, "local for ada", "The first"),
    ]
    document = {"trigger": {"event": "a"}, "steps": [{"add_tag": "x"}]}
    await kindling.client.put("/v1/automations/a", json=document)
    assert (await kindling.client.post("/v1/automations/a/publish", json=said)).status_code == 200
    [version] = (await kindling.get("/v1/automations/a/versions"))["items"]
    assert (version["author"], version["comment"]) == ("local for ada", "The first")
    wrong = await kindling.client.post("/v1/profiles/p/rollback", json={"version": 1, "autor": "ben"})
    assert [error["message"] for error in wrong.json()["errors"]] == [
        'unknown key "autor"; did you mean "author"?'
    ]
