"""Each limit: at it and just under it things are taken, over it they are refused by name, and nothing is stored."""

import json
from typing import Any

import pytest

from conditions import limits
from conditions.limits import LIMITS
from tests.api.installation import Installation

JSON = {"content-type": "application/json"}


def sized(limit: limits.InputLimit, overhead: int, beyond: int = 0) -> str:
    return "x" * (limit.most - overhead + beyond)


async def events_of(kindling: Installation) -> int:
    return len((await kindling.get("/v1/events", type="x"))["items"])


@pytest.mark.parametrize(("beyond", "accepted"), [(-1, 1), (0, 1), (1, 0), (500_000, 0)])
async def test_an_event_has_a_size(kindling: Installation, beyond: int, accepted: int) -> None:
    event = {"type": "x", "contact": "ada", "properties": {"p": sized(limits.EVENT, len('{"p":""}'), beyond)}}
    answer = await kindling.client.post("/v1/events", json=[event])
    assert answer.json()["accepted"] == accepted
    if not accepted:
        assert "at most 256 KiB are taken" in answer.text
    assert await events_of(kindling) == accepted


def nested(levels: int) -> Any:
    return json.loads('{"a":' * levels + "1" + "}" * levels)


@pytest.mark.parametrize(("levels", "status"), [(31, 202), (32, 202), (33, 422), (200, 422), (900, 422)])
async def test_properties_have_a_depth(kindling: Installation, levels: int, status: int) -> None:
    event = {"type": "x", "contact": "ada", "properties": nested(levels)}
    assert (await kindling.client.post("/v1/events", json=event)).status_code == status
    assert await events_of(kindling) == (status == 202)


@pytest.mark.parametrize("levels", [41, 300, 1_000, 100_000])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/contacts/ada"),
        ("PUT", "/v1/profiles/p"),
        ("PUT", "/v1/automations/a"),
        ("PUT", "/v1/smart-lists/l"),
        ("POST", "/v1/automations/a/enroll"),
    ],
)
async def test_a_deep_body_is_a_mistake_and_no_failure(
    kindling: Installation, method: str, path: str, levels: int
) -> None:
    for body in (b'{"fields":' * levels + b"1" + b"}" * levels, b"[" * levels + b"]" * levels):
        answer = await kindling.client.request(method, path, content=body, headers=JSON)
        assert answer.status_code in (400, 413, 422)


async def test_a_body_has_a_size(kindling: Installation) -> None:
    body = b'{"name": "' + b"x" * limits.BODY.most + b'"}'
    answer = await kindling.client.put("/v1/contacts/ada", content=body, headers=JSON)
    assert answer.status_code == 413
    assert "larger than 1 MiB" in answer.json()["detail"]
    assert (await kindling.client.get("/v1/contacts/ada")).status_code == 404


async def test_an_answer_lists_a_hundred_mistakes_and_counts_the_others(kindling: Installation) -> None:
    bad = {"type": "", "contact": "", "properties": {}}
    array = (await kindling.client.post("/v1/events", json=[bad] * 2_500)).json()
    assert (array["accepted"], array["rejected_count"]) == (0, 2_500)
    assert sum(len(entry["errors"]) for entry in array["rejected"]) == 100
    lines = "\n".join([json.dumps(bad)] * 3_000)
    stream = await kindling.client.post(
        "/v1/events", content=lines, headers={"content-type": "application/x-ndjson"}
    )
    assert stream.json()["rejected_count"] == 3_000
    assert sum(len(entry["errors"]) for entry in stream.json()["rejected"]) == 100
    one = {"type": "x", "contact": "a", "properties": {"p": [2**60] * 10_000}}
    single = (await kindling.client.post("/v1/events", json=one)).json()
    assert len(single["errors"]) == 100
    assert "More than 100 mistakes" in single["detail"]
    fields = {f"f{number}": {"no": "object"} for number in range(9_000)}
    contact = (await kindling.client.put("/v1/contacts/ada", json={"fields": fields})).json()
    assert len(contact["errors"]) == 100


@pytest.mark.parametrize(("tags", "status"), [(500, 201), (501, 422)])
async def test_a_contact_has_so_many_tags(kindling: Installation, tags: int, status: int) -> None:
    body = {"tags": [f"t{number}" for number in range(tags)]}
    assert (await kindling.client.put("/v1/contacts/ada", json=body)).status_code == status


async def test_a_record_cannot_be_grown_beyond_its_size_piece_by_piece(kindling: Installation) -> None:
    for kind, body in (("contacts", {}), ("deals", {"contact": "ada"})):
        assert (await kindling.client.put(f"/v1/{kind}/ada", json=body)).status_code == 201
        statuses = []
        for number in range(8):
            piece = {"fields": {f"f{number}": "x" * 10_000}}
            statuses.append((await kindling.client.patch(f"/v1/{kind}/ada", json=piece)).status_code)
        assert statuses == [200] * 6 + [422] * 2
        shown = await kindling.get(f"/v1/{kind}/ada")
        assert len(shown["fields"]) == 6
        many = {"fields": {f"g{number}": 1 for number in range(500)}}
        assert (await kindling.client.patch(f"/v1/{kind}/ada", json=many)).status_code == 422


def any_of(count: int) -> dict[str, Any]:
    return {"any": [{"contact.stage": {"equal": str(number)}} for number in range(count)]}


@pytest.mark.parametrize(("count", "status"), [(499, 201), (500, 201), (501, 422), (10_000, 422)])
async def test_a_list_has_so_many_conditions_and_all_of_them_work(
    kindling: Installation, count: int, status: int
) -> None:
    saved = await kindling.client.put("/v1/smart-lists/l", json={"filters": any_of(count)})
    assert saved.status_code == status
    read = await kindling.client.get("/v1/smart-lists/l")
    assert read.status_code == (200 if status == 201 else 404)
    if status == 201:
        assert (await kindling.get("/v1/smart-lists/l/contacts"))["items"] == []
    else:
        assert "at most 500 conditions are taken" in saved.text or "256 KiB" in saved.text


@pytest.mark.parametrize(("count", "status"), [(100, 201), (101, 422)])
async def test_so_many_conditions_search_in_texts_and_they_do_not_hold_the_others_up(
    kindling: Installation, count: int, status: int
) -> None:
    searching = [{"contact.note": {"contains": f"{number}x"}} for number in range(count)]
    filters = {"any": [*searching, {"contact.stage": {"equal": "x"}}]}
    saved = await kindling.client.put("/v1/smart-lists/l", json={"filters": filters})
    assert saved.status_code == status, saved.text
    if status == 201:
        assert (await kindling.get("/v1/smart-lists/l/contacts"))["items"] == []
    else:
        assert "at most 100 conditions are taken" in saved.text


@pytest.mark.parametrize(("count", "status"), [(5, 201), (6, 422), (60, 422)])
async def test_all_templates_of_a_definition_have_so_many_operations(
    kindling: Installation, count: int, status: int
) -> None:
    """Found out before anybody has to wait: compiling what is over the limit is not begun."""
    steps = [
        {"create_task": {"title": f"{{{{ [{','.join(['1'] * 1_980)}] | length + {number} }}}}"}}
        for number in range(count)
    ]
    saved = await kindling.client.put("/v1/automations/a", json=automation(steps))
    assert saved.status_code == status, saved.text
    if status == 422:
        [error] = saved.json()["errors"]
        assert error["pointer"] == "/steps/5"
        assert "at most 10,000 operations are taken" in error["message"]


@pytest.mark.parametrize(("count", "status"), [(5_000, 201), (5_001, 422)])
async def test_the_lists_in_conditions_have_so_many_values(
    kindling: Installation, count: int, status: int
) -> None:
    filters = {"contact.stage": {"one_of": [str(number) for number in range(count)]}}
    saved = await kindling.client.put("/v1/smart-lists/l", json={"filters": filters})
    assert saved.status_code == status
    if status == 201:
        assert (await kindling.get("/v1/smart-lists/l/contacts"))["items"] == []


def automation(steps: list[Any], **more: Any) -> dict[str, Any]:
    return {"trigger": {"event": "x", **more}, "steps": steps}


@pytest.mark.parametrize(("count", "status"), [(500, 201), (501, 422), (2_000, 422)])
async def test_an_automation_has_so_many_steps(kindling: Installation, count: int, status: int) -> None:
    flat = await kindling.client.put("/v1/automations/a", json=automation([{"add_tag": "t"}] * count))
    assert flat.status_code == status
    inner = [{"add_tag": "t"}] * (count - 1)
    branched = automation([{"if": {"contact.stage": {"equal": "x"}}, "then": inner}])
    assert (await kindling.client.put("/v1/automations/b", json=branched)).status_code == status


async def test_a_definition_has_a_size(kindling: Installation) -> None:
    message = {"notify": {"to": "sales", "message": "x" * 16_000}}
    assert (
        await kindling.client.put("/v1/automations/a", json=automation([message] * 15))
    ).status_code == 201
    large = await kindling.client.put("/v1/automations/a", json=automation([message] * 20))
    assert large.status_code == 422
    assert "at most 256 KiB are taken" in large.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/contacts/ada/timeline"])
async def test_a_page_ends_early_where_its_rows_are_long_and_the_next_goes_on(
    kindling: Installation, path: str
) -> None:
    long = {"type": "x", "contact": "ada", "properties": {"p": "x" * 250_000}}
    for number in range(40):
        await kindling.send({**long, "id": f"e{number}"})
    seen: list[str] = []
    cursor, pages = None, 0
    while cursor is not None or pages == 0:
        answer = await kindling.client.get(
            path, params={"limit": 500, **({"cursor": cursor} if cursor else {})}
        )
        assert len(answer.content) < limits.PAGE.most + limits.EVENT.most
        items = [item.get("event", item) for item in answer.json()["items"]]
        seen += [item["id"] for item in items if item["type"] == "x"]
        cursor, pages = answer.json()["next"], pages + 1
    assert sorted(seen) == sorted(f"e{number}" for number in range(40))
    assert pages == 3


def test_every_limit_says_what_and_what_else_to_do() -> None:
    assert len({limit.what for limit in LIMITS}) == len(LIMITS)
    assert all(limit.remedy for limit in LIMITS)
    held = {value for value in vars(limits).values() if isinstance(value, limits.InputLimit)}
    assert held == set(LIMITS)
