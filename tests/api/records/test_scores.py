from typing import Any

import orjson
from sqlalchemy import event

from tests.api.installation import PROFILE, Installation, opened


async def test_jhon_goes_from_four_to_seven(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("jhon", 4))
    kindling.score()
    kindling.later()
    await kindling.client.patch("/v1/contacts/jhon", json={"stage": "demo"})
    kindling.score()

    (score,) = (await kindling.get("/v1/contacts/jhon/scores"))["items"]
    assert (score["profile"], score["score"], score["band"]) == ("engagement", 7, "hot")
    assert score["updated_at"] == "2026-11-23T12:00:00.000000Z"
    detail = await kindling.get("/v1/contacts/jhon/scores/engagement", limit=1)
    assert detail["breakdown"] == [
        {"rule": "opened", "points": 4, "count": 4},
        {"rule": "demo", "points": 3, "count": 1},
    ]
    (change,) = detail["history"]
    assert (change["previous"], change["current"], change["cause"], change["at"]) == (
        4,
        7,
        "event",
        score["updated_at"],
    )
    assert change["event"]["type"] == "stage.changed"
    (enrollment,) = (await kindling.get("/v1/enrollments", contact="jhon"))["items"]
    assert (enrollment["automation"], enrollment["previous"], enrollment["current"]) == ("hot", 4, 7)
    assert (enrollment["status"], enrollment["workflow_url"]) == ("queued", None)
    assert enrollment["workflow_id"] is None


async def test_history_is_paged_and_says_why(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5))
    kindling.score()
    seen: list[int] = []
    parameters: dict[str, str] = {}
    while True:
        page = await kindling.get("/v1/contacts/ada/scores/engagement", limit=2, **parameters)
        seen += [change["current"] for change in page["history"]]
        if page["next"] is None:
            break
        parameters = {"cursor": page["next"]}
    assert seen == [5, 4, 3, 2, 1]


async def test_a_score_can_be_asked_for_at_another_time(kindling: Installation) -> None:
    await kindling.publish(
        rules=[{"key": "opened", "on": "email.opened", "points": 2, "expires_after": "3d"}]
    )
    await kindling.send(*opened("ada", occurred_at="2026-11-20T00:00:00Z"), *opened("ada"))
    kindling.score()

    async def at(moment: str | None) -> tuple[int | None, int]:
        parameters = {"at": moment} if moment else {}
        score = await kindling.get("/v1/contacts/ada/scores/engagement", **parameters)
        return score["score"], sum(line["points"] for line in score["breakdown"])

    assert await at(None) == (4, 4)
    assert await at("2026-11-19") == (None, 0)
    assert await at("2026-11-20") == (2, 2)
    assert await at("2026-11-24") == (2, 2)
    assert await at("2026-12-01") == (0, 0)
    wrong = await kindling.client.get("/v1/contacts/ada/scores/engagement?at=tomorrow")
    assert wrong.json()["detail"].startswith('"tomorrow" is not a date or time')


async def test_the_breakdown_adds_up_with_groups_and_bounds(kindling: Installation) -> None:
    await kindling.publish(
        max=9,
        groups={"mail": {"max": 3}},
        rules=[
            {"key": "opened", "on": "email.opened", "points": 1, "group": "mail"},
            {"key": "booked", "on": "booked", "points": 10},
        ],
    )
    await kindling.send(*opened("ada", 5), {"type": "booked", "contact": "ada"})
    kindling.score()
    score = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert score["score"] == sum(line["points"] for line in score["breakdown"]) == 9
    assert {line["rule"]: line["points"] for line in score["breakdown"]} == {
        "opened": 5,
        "booked": 10,
        "group:mail": -2,
        "clamp": -4,
    }


async def test_a_draft_has_no_visible_scores(kindling: Installation) -> None:
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    await kindling.send(*opened("ada", 5))
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"] == []
    score = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert (score["score"], score["band"], score["breakdown"], score["history"]) == (None, None, [], [])
    unknown = await kindling.client.get("/v1/contacts/ada/scores/engagment")
    assert unknown.json()["detail"] == 'there is no profile "engagment"; did you mean "engagement"?'


async def test_unpublishing_empties_scores_until_each_is_scored_anew(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5), *opened("bob", 2))
    kindling.score()
    await kindling.client.post("/v1/profiles/engagement/unpublish")
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"] == []
    await kindling.client.post("/v1/profiles/engagement/publish")
    (before,) = (await kindling.get("/v1/contacts/ada/scores"))["items"]
    assert before["score"] is None
    kindling.score()
    (after,) = (await kindling.get("/v1/contacts/ada/scores"))["items"]
    assert after["score"] == 5
    history = (await kindling.get("/v1/contacts/ada/scores/engagement"))["history"]
    assert (history[0]["cause"], history[0]["previous"], history[0]["current"]) == ("publish", None, 5)


async def test_a_score_as_an_earlier_version_kept_it_is_read_and_gone_on_from(
    kindling: Installation,
) -> None:
    await kindling.publish(
        rules=[{"key": "opened", "on": "email.opened", "points": 2, "expires_after": "3d"}]
    )
    await kindling.send(*opened("ada", 4))
    kindling.score()
    with kindling.database.write() as connection:
        standing = orjson.loads(connection.exec_driver_sql("SELECT standing FROM scores").scalar_one())
        del standing["w"], standing["c"]
        kept = orjson.dumps(standing).decode()
        connection.exec_driver_sql(f"UPDATE scores SET standing = '{kept}'")
    before = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert before["breakdown"] == [{"rule": "opened", "points": 8, "count": 4}]
    assert [outlook["score"] for outlook in before["forecast"]] == [0]
    await kindling.send(*opened("ada"))
    kindling.score()
    after = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert (after["score"], after["breakdown"]) == (10, [{"rule": "opened", "points": 10, "count": 5}])


async def test_reading_a_score_reads_no_entries_that_time_does_not_change(kindling: Installation) -> None:
    await kindling.publish(rules=[{"key": "opened", "on": "email.opened", "points": 2}])
    await kindling.send(*opened("ada", 40))
    kindling.score()
    read: list[str] = []

    def note(_: Any, cursor: Any, statement: str, *more: Any) -> None:
        read.append(statement)

    event.listen(kindling.database.engine, "before_cursor_execute", note)
    found = await kindling.get("/v1/contacts/ada/scores/engagement", limit=1)
    event.remove(kindling.database.engine, "before_cursor_execute", note)
    assert (found["score"], found["breakdown"]) == (80, [{"rule": "opened", "points": 80, "count": 40}])
    assert not [statement for statement in read if "entries" in statement]


async def test_a_rule_that_never_holds_since_a_field_is_no_date_is_told(kindling: Installation) -> None:
    rule = {"key": "old", "while": {"birthday": {"older_than": "30d"}}, "points": 7}
    await kindling.publish("age", rules=[rule, {"key": "x", "on": "x", "points": 1}])
    for key, birthday in (("ada", "15/05/2020"), ("ben", 31182), ("eve", "2020-05-15"), ("dora", None)):
        await kindling.client.put(f"/v1/contacts/{key}", json={"fields": {"birthday": birthday}})
    kindling.score()
    notes = {
        key: (await kindling.get(f"/v1/contacts/{key}/scores/age"))["notes"]
        for key in ("ada", "ben", "eve", "dora")
    }
    assert [len(notes[key]) for key in notes] == [1, 1, 0, 0]
    assert notes["ada"][0].startswith('rule old never holds: birthday is "15/05/2020", which is no date')


async def test_all_scores_at_another_time(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", occurred_at="2026-11-20T00:00:00Z"), *opened("ada"))
    kindling.score()
    for at, score in (("2026-11-20T12:00:00Z", 1), ("+7d", 2)):
        answer = await kindling.get("/v1/contacts/ada/scores", at=at)
        [summary] = answer["items"]
        assert (summary["profile"], summary["score"]) == ("engagement", score)
        one = await kindling.get("/v1/contacts/ada/scores/engagement", at=at)
        assert (one["score"], one["at"]) == (score, summary["at"])
    assert "at" not in (await kindling.get("/v1/contacts/ada/scores"))["items"][0]
    wrong = await kindling.client.get("/v1/contacts/ada/scores?at=-7x")
    assert (wrong.status_code, "write -7d" in wrong.text) == (422, True)
