"""Smart lists, and lists that change under a reader."""

from inspect import signature
from typing import Any

import pytest
from sqlalchemy import JSON

from api.records.list_query import ListQuery
from automations.list_filters import FILTER_NAMES, FILTERS
from automations.smart_list import SmartList
from store.tables import Contact, Deal, table
from tests.api.installation import Installation, opened

PARTNER = {"contact.tags": {"has": "partner"}}
HOT = {"band": {"equal": "hot"}}


@pytest.fixture
async def scored(kindling: Installation) -> Installation:
    await kindling.publish()
    for key, count in (("ada", 7), ("bob", 4), ("eve", 1)):
        await kindling.send(*opened(key, count))
        await kindling.client.patch(f"/v1/contacts/{key}", json={"owner": "kim", "fields": {"seats": count}})
    await kindling.client.patch("/v1/contacts/bob", json={"tags": ["partner"], "stage": "trial"})
    await kindling.send({"type": "hello", "contact": "zed"})
    kindling.score()
    return kindling


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        ({"profile": "engagement", "score_gte": 4, "sort": "-score"}, ["ada", "bob"]),
        ({"profile": "engagement", "band": "hot"}, ["ada"]),
        ({"tag": "partner"}, ["bob"]),
        ({"q": "E"}, ["eve", "zed"]),
        ({"filters": {"contact.seats": {"greater": 3}, "contact.owner": {"equal": "kim"}}}, ["ada", "bob"]),
        ({"filters": {"any": [PARTNER, {"scores.engagement": {"empty": True}}]}}, ["bob", "zed"]),
        ({"profile": "engagement", "filters": {"not": HOT}, "sort": "score"}, ["eve", "bob", "zed"]),
        ({"filters": {"bands.engagement": {"one_of": ["hot", "warm"]}}}, ["ada", "bob"]),
        ({"stage": "trial", "filters": {"contact.created_at": {"older_than": "1d"}}}, []),
    ],
)  # fmt: skip
async def test_a_smart_list_answers_anew_each_time(
    scored: Installation, document: dict[str, Any], keys: list[str]
) -> None:
    saved = await scored.client.put("/v1/smart-lists/mine", json=document)
    assert saved.status_code == 201, saved.text
    assert saved.json()["count"] == len(keys)
    page = await scored.get("/v1/smart-lists/mine/contacts")
    assert [row["key"] for row in page["items"]] == keys
    again = await scored.client.put("/v1/smart-lists/mine", json=saved.json())
    assert again.status_code == 200, again.text


async def test_a_list_of_deals_reads_the_deal_and_its_contact(scored: Installation) -> None:
    for deal, contact in (("d1", "ada"), ("d2", "bob")):
        await scored.client.put(f"/v1/deals/{deal}", json={"contact": contact, "value": 500.5})
    document = {
        "applies_to": "deal",
        "filters": {
            "deal.value": {"greater": 500},
            "contact.stage": {"equal": "trial"},
            "scores.engagement": {"greater": 3},
        },
    }
    assert (await scored.client.put("/v1/smart-lists/d", json=document)).json()["count"] == 1
    assert [row["key"] for row in (await scored.get("/v1/smart-lists/d/deals"))["items"]] == ["d2"]
    assert (await scored.client.get("/v1/smart-lists/d/contacts")).status_code == 404


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        ({"score_gte": 4}, "/score_gte", "needs to know whose scores"),
        ({"profile": "none"}, "/profile", 'there is no profile "none"'),
        ({"filters": {"scores.none": {"greater": 1}}}, "/filters/scores.none", 'there is no profile "none"'),
        ({"filters": {"deal.value": {"greater": 1}}}, "/filters/deal.value", "unknown field"),
        ({"filters": {"score": {"greater": 1}}}, "/filters", "need to know whose"),
        ({"profile": "engagement", "band": "hott"}, "/band", 'has no band "hott"; did you mean "hot"?'),
        ({"status": "open"}, "/status", "not a field of contacts"),
        ({"tags": "x"}, "/tags", "unknown key"),
        ({"sort": "name"}, "/sort", ""),
        ({"applies_to": []}, "/applies_to", ""),
        ({"applies_to": {}}, "/applies_to", ""),
    ],
)
async def test_mistakes_are_told(scored: Installation, document: Any, pointer: str, message: str) -> None:
    answer = await scored.client.put("/v1/smart-lists/mine", json=document)
    assert answer.status_code == 422, answer.text
    mistakes = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert message in mistakes[pointer]
    assert (await scored.get("/v1/smart-lists"))["items"] == []


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        ({"filter": {"score_gte": 4}}, "/filter/score_gte", "needs to know whose scores"),
        ({"profile": "engagement", "filter": {"band": "hott"}}, "/filter/band", 'did you mean "hot"?'),
        ({"filter": {"status": "open"}}, "/filter/status", "not a field of contacts"),
        ({"filter": {"tags": "x"}}, "/filter/tags", 'did you mean "tag"?'),
        ({"filter": {"name": "x"}}, "/filter/name", "unknown key"),
        ({"filter": {"score_gte": "4"}, "profile": "engagement"}, "/filter/score_gte", "number"),
        ({"filter": [1]}, "/filter", "as a mapping"),
        ({"applies_to": "deal", "filter": {"email": "x"}}, "/filter/email", "not a field of deals"),
        ({"applies_to": "deal", "filter": {"status": "opened"}}, "/filter/status", 'did you mean "open"?'),
    ],
)
async def test_mistakes_in_a_filter_are_told_where_they_stand(
    scored: Installation, document: Any, pointer: str, message: str
) -> None:
    await test_mistakes_are_told(scored, document, pointer, message)


@pytest.mark.parametrize(
    ("flat", "document"),
    [
        ({"name": "Partners", "tag": "partner"}, {"name": "Partners", "filter": {"tag": "partner"}}),
        (
            {"applies_to": "deal", "status": "open", "q": "d"},
            {"applies_to": "deal", "filter": {"status": "open", "q": "d"}},
        ),
        ({"stage": "x", "status": None}, {"filter": {"stage": "x", "status": None, "contact": None}}),
        (
            {"profile": "engagement", "band": "hot", "sort": "-score"},
            {"profile": "engagement", "sort": "-score", "filter": {"band": "hot"}},
        ),
    ],
)
async def test_what_a_list_filters_by_stands_apart_from_its_own_keys(
    scored: Installation, flat: dict[str, Any], document: dict[str, Any]
) -> None:
    """It was once written among them, and still may be."""
    first = (await scored.client.put("/v1/smart-lists/mine", json=flat)).json()
    second = (await scored.client.put("/v1/smart-lists/mine", json=document)).json()
    assert {**first, "updated_at": ""} == {**second, "updated_at": ""}
    assert second["filter"] == {
        name: value for name, value in document["filter"].items() if value is not None
    }
    assert {name: second[name] for name in document if name != "filter"} == {
        name: value for name, value in document.items() if name != "filter"
    }


def test_no_filter_has_the_name_of_a_key_of_a_list() -> None:
    assert FILTER_NAMES & SmartList.model_fields.keys() == set()


def test_every_filter_tests_something_of_its_record() -> None:
    tables = {"contact": table(Contact), "deal": table(Deal)}
    for kind, model in FILTERS.items():
        every: dict[str, Any] = dict.fromkeys(model.model_fields, "x")
        for name in model.model_construct(**every).columns:
            column = tables[kind].columns.get(name)
            assert column is not None, f"{name} is no column of a {kind}: say how it is `Tested`"
            assert not isinstance(column.type, JSON), f"{name} holds JSON, which equals no text"


FILTERS_OF_KINDS = pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in FILTERS for name in FILTERS[kind].model_fields]
)
#: By the name of a filter, where it is not what the record shows under that name: what holds of these records.
HOLDS = {"score_gte": "0", "score_lte": "0", "band": "low", "q": "Big", "tag": "vip"}
#: And what does not, where "nobody" cannot be asked for.
NOBODY = {"score_gte": "1000", "score_lte": "-1000", "band": "high", "status": "won", "contact": "ben"}


@pytest.fixture
async def filterable(kindling: Installation) -> Installation:
    """A contact and a deal that have something of everything, and others that have nothing."""
    for kind in FILTERS:
        rules, bands = [{"key": "x", "on": "x", "points": 0}], {"low": None, "high": 100}
        await kindling.publish(f"of-{kind}", applies_to=kind, rules=rules, bands=bands)
    texts = {name: f"this {name}" for name in ("stage", "owner", "phone")}
    contact = {"name": "Big", "email": "ada@example.com", "tags": ["vip"], "dnd": ["sms"], **texts}
    deal = {
        "contact": "ada",
        "name": "Big",
        "tags": ["vip"],
        "pipeline": "new",
        "currency": "EUR",
        "value": 5,
        **texts,
    }
    await kindling.client.put("/v1/contacts/ada", json=contact)
    del deal["phone"]
    assert (await kindling.client.put("/v1/deals/d1", json=deal)).status_code < 300
    for key in ("ben", "eve"):
        await kindling.client.put(f"/v1/contacts/{key}", json={})
    await kindling.client.put("/v1/deals/d2", json={"contact": "eve", "status": "lost"})
    await kindling.send({"type": "x", "contact": "ada", "deal": "d1"})
    kindling.score()
    return kindling


@FILTERS_OF_KINDS
async def test_every_filter_leaves_out_whom_it_does_not_hold_for(
    filterable: Installation, kind: str, name: str
) -> None:
    query = {"profile": f"of-{kind}", name: NOBODY.get(name, "nobody")}
    assert (await filterable.get(f"/v1/{kind}s", profile=f"of-{kind}"))["items"]
    assert (await filterable.get(f"/v1/{kind}s", **query))["items"] == []


@FILTERS_OF_KINDS
async def test_every_filter_finds_whom_it_holds_for(filterable: Installation, kind: str, name: str) -> None:
    key = {"contact": "ada", "deal": "d1"}[kind]
    record = await filterable.get(f"/v1/{kind}s/{key}")
    assert name in HOLDS or name in record, f"say in HOLDS what holds of the {kind} for the filter {name}"
    shown = HOLDS[name] if name in HOLDS else record[name]
    query = {"profile": f"of-{kind}", name: shown[0] if isinstance(shown, list) else shown}
    found = (await filterable.get(f"/v1/{kind}s", **query))["items"]
    assert [row["key"] for row in found] == [key], f"{kind}s?{name}={query[name]} finds {found}"


def test_every_filter_is_a_parameter_of_its_list() -> None:
    for kind, model in FILTERS.items():
        shown = signature(ListQuery(kind)).parameters
        assert [name for name in model.model_fields if name not in shown] == []


async def test_smart_lists_are_listed_read_and_deleted(scored: Installation) -> None:
    for key in ("b", "a"):
        await scored.client.put(f"/v1/smart-lists/{key}", json={"tag": "partner"})
    assert [row["key"] for row in (await scored.get("/v1/smart-lists"))["items"]] == ["a", "b"]
    assert (await scored.client.delete("/v1/smart-lists/a")).status_code == 204
    assert (await scored.client.delete("/v1/smart-lists/a")).status_code == 404
    missing = await scored.client.get("/v1/smart-lists/bb")
    assert "did you mean" in missing.json()["detail"]


async def test_pages_by_score_show_nobody_twice_while_scores_move(scored: Installation) -> None:
    first = await scored.get("/v1/contacts", profile="engagement", sort="-score", limit=1)
    assert [row["key"] for row in first["items"]] == ["ada"]
    await scored.send(*opened("eve", 20))
    scored.score()
    seen = []
    cursor = first["next"]
    while cursor:
        page = await scored.get("/v1/contacts", profile="engagement", sort="-score", limit=1, cursor=cursor)
        seen += [row["key"] for row in page["items"]]
        cursor = page["next"]
    assert seen == ["bob", "zed"]
