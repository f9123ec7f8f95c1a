"""What publishing would do, before and after it is done; comparing versions."""

from typing import Any

from tests.api.installation import AUTOMATION, PROFILE, Installation, opened

STRICTER: dict[str, Any] = {
    **PROFILE,
    "bands": {"cold": None, "warm": 4, "hot": 12},
    "rules": [{"key": "opened", "on": "email.opened", "points": 2}],
}


async def filled(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("hot", **AUTOMATION)
    await kindling.automate(
        "once", trigger={**AUTOMATION["trigger"], "reentry": "once"}, steps=AUTOMATION["steps"]
    )
    for number in range(8):
        await kindling.send(*opened(f"c{number}", number))
    kindling.score()


async def test_the_preview_is_what_the_publish_then_does(kindling: Installation) -> None:
    await filled(kindling)
    before = await kindling.get("/v1/enrollments")
    await kindling.client.put("/v1/profiles/engagement", json=STRICTER)
    preview = await kindling.get("/v1/profiles/engagement/preview")
    assert (preview["status"], preview["version"], preview["records"], preview["changed"]) == (
        "done",
        2,
        7,
        7,
    )
    assert {row["band"]: (row["before"], row["after"]) for row in preview["bands"]} == {
        "cold": (2, 1),
        "warm": (3, 4),
        "hot": (2, 2),
    }
    assert preview["movers"][0] == {"contact": "c7", "before": 7, "after": 14}
    assert sum(bar["before"] for bar in preview["distribution"]) == 7
    assert await kindling.get("/v1/enrollments") == before
    assert (await kindling.get("/v1/profiles/engagement"))["version"] == 1
    promised = {row["automation"]: (row["enrolled"], row["skipped"]) for row in preview["enrollments"]}
    assert promised == {"hot": (5, {}), "once": (2, {"reentry": 3})}

    await kindling.client.post("/v1/profiles/engagement/publish", json={"triggers": "fire"})
    kindling.score()
    made = (await kindling.get("/v1/enrollments", limit=500))["items"]
    counted = {
        name: sum(row["cause"] == "publish" for row in made if row["automation"] == name) for name in promised
    }
    assert counted == {name: enrolled for name, (enrolled, _) in promised.items()}
    scores = await kindling.get("/v1/contacts", profile="engagement", sort="-score")
    assert [row["score"] for row in scores["items"]] == [14, 12, 10, 8, 6, 4, 2]
    assert (await kindling.get("/v1/profiles/engagement/preview"))["changed"] == 0


async def test_a_first_publish_is_previewed_from_nothing(kindling: Installation) -> None:
    await kindling.send(*opened("ada", 3))
    kindling.score()
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    preview = await kindling.get("/v1/profiles/engagement/preview")
    assert (preview["empty"], preview["changed"]) == ({"before": 1, "after": 0}, 1)
    assert preview["band_moves"] == [{"from": None, "to": "warm", "count": 1}]


async def test_what_may_not_be_published_is_not_previewed(kindling: Installation) -> None:
    await kindling.client.put("/v1/profiles/empty", json={})
    answer = await kindling.client.get("/v1/profiles/empty/preview")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rules")
    assert (await kindling.client.get("/v1/profiles/none/preview")).status_code == 404


async def test_versions_are_compared_and_rolled_back_to(kindling: Installation) -> None:
    await filled(kindling)
    await kindling.publish("engagement", **STRICTER)
    comparison = await kindling.get("/v1/profiles/engagement/compare", **{"from": 1, "to": 2})
    assert (comparison["from"], comparison["to"]) == (1, 2)
    assert "-    points: 1" in comparison["diff"]
    assert "+    points: 2" in comparison["diff"]
    assert (await kindling.get("/v1/profiles/engagement/compare"))["diff"] == ""
    missing = await kindling.client.get("/v1/profiles/engagement/compare?from=7")
    assert missing.json()["detail"] == '"engagement" has no version 7; its versions are 1 to 2'
    answer = await kindling.client.post("/v1/profiles/engagement/rollback", json={"version": 1})
    assert answer.json()["version"] == 3
    kindling.score()
    assert (await kindling.get("/v1/contacts/c3/scores"))["items"][0]["score"] == 3


def test_a_long_preview_tells_how_far_it_is_and_is_given_up_at_the_end(kindling: Installation) -> None:
    with kindling.database.write() as connection:
        for number in range(3_000):
            connection.exec_driver_sql(
                "INSERT INTO contacts (key, shard, tags, dnd, fields, created_at, updated_at, touched) "
                f"VALUES ('c{number}', 0, '[]', '[]', '{{}}', 1, 1, 0)"
            )
    kindling.application.profiles.save("engagement", PROFILE)
    previews = kindling.application.previews
    first = previews.ask("engagement", patience=0)
    assert (first.status, first.distribution) == ("computing", None)
    preview = previews.ask("engagement", patience=60)
    assert (preview.status, preview.records, preview.done) == ("done", 3_000, 3_000)
    previews.ask("engagement", patience=0)
    previews.close()
    for thread in previews._executor._threads:
        thread.join(10)
        assert not thread.is_alive()


async def test_a_preview_counts_dates_that_are_over_among_those_who_would_be_enrolled(
    kindling: Installation,
) -> None:
    wait = {"wait": {"until": "contact.renewal", "if_past": "skip"}}
    await kindling.publish()
    await kindling.automate(
        trigger={"profile": "engagement", "filters": {"score": {"greater_or_equal": 2}}},
        steps=[{"add_tag": "x"}, wait, {"stop": "sent"}],
    )
    for contact, renewal in (("ada", "2020-01-01"), ("ben", "2199-01-01")):
        await kindling.send(*opened(contact, 1))
        await kindling.client.patch(f"/v1/contacts/{contact}", json={"fields": {"renewal": renewal}})
    kindling.score()
    rules = [{"key": "opened", "on": "email.opened", "points": 2}]
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE | {"rules": rules})
    [told] = (await kindling.get("/v1/profiles/engagement/preview"))["enrollments"]
    assert (told["automation"], told["enrolled"], told["past"]) == ("hot", 2, 1)
