import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.installation import Installation, opened

JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}


async def test_an_event_is_stored_once_and_creates_its_contact(kindling: Installation) -> None:
    event = {"id": "e1", "type": "email.opened", "contact": "ada", "properties": {"campaign": "spring"}}
    first = await kindling.client.post("/v1/events", json=event)
    again = await kindling.client.post("/v1/events", json=event)

    assert (first.status_code, again.status_code) == (202, 202)
    first_request, second_request = first.json()["request"], again.json()["request"]
    assert first_request != second_request
    answer = {"conflicts": [], "rejected": [], "ids": ["e1"]}
    assert first.json() == {"accepted": 1, "duplicates": 0, "request": first_request, **answer}
    assert again.json() == {"accepted": 0, "duplicates": 1, "request": second_request, **answer}
    listed = await kindling.get("/v1/events", contact="ada", type="email.opened")
    assert [(item["id"], item["properties"], item["status"]) for item in listed["items"]] == [
        ("e1", {"campaign": "spring"}, "pending")
    ]
    assert (await kindling.get("/v1/contacts/ada"))["key"] == "ada"
    assert len(set(kindling.wakes)) == 1


async def test_the_valid_events_of_an_array_are_stored_and_the_rest_is_listed(kindling: Installation) -> None:
    answer = await kindling.send(
        {"id": "a", "type": "x", "contact": "ada"},
        {"type": "x"},
        {"id": "a", "type": "x", "contact": "ada"},
        7,
    )
    assert (answer["accepted"], answer["duplicates"], answer["ids"]) == (1, 1, ["a", None, "a", None])
    assert answer["rejected"] == [
        {
            "index": 1,
            "errors": [
                {
                    "pointer": "/contact",
                    "message": 'an event needs the key of its contact or its deal, such as "contact": "ada"',
                }
            ],
        },
        {
            "index": 3,
            "errors": [
                {
                    "pointer": "",
                    "message": 'an event is an object such as {"type": "email.opened", "contact": "ada"}',
                }
            ],
        },
    ]


WRONG_EVENTS: list[tuple[dict[str, Any], str, str]] = [
    ({"contact": "ada"}, "/type", '"type" is missing'),
    ({"type": "", "contact": "ada"}, "/type", "it has 1 to 200 characters"),
    ({"type": "x", "contact": "a/b"}, "/contact", 'it cannot hold a "/"'),
    ({"type": "x", "contact": "a\nb"}, "/contact", "it cannot be blank or hold control characters"),
    ({"type": "x", "contact": "a" * 201}, "/contact", "it has 1 to 200 characters"),
    ({"type": "x", "contact": 7}, "/contact", '"contact" should be a text; put it in quotes: "7"'),
    (
        {"type": "x", "deal": "d"},
        "/deal",
        'there is no deal "d"; name the contact too, or create the deal',
    ),
    (
        {"type": "x", "contact": "a", "occurred_at": "yesterday"},
        "/occurred_at",
        '"yesterday" is not a date or time; write 2026-11-22 or 2026-11-22T01:42:14Z',
    ),
    (
        {"type": "x", "contact": "a", "occurred_at": 1763775734},
        "/occurred_at",
        (
            '"1763775734" is not a date or time; write 2026-11-22 or 2026-11-22T01:42:14Z; as seconds since 1970 it '
            "would be 2025-11-22T01:42:14Z"
        ),
    ),
    (
        {"type": "x", "contact": "a", "occurred_at": "2026-02-30T00:00:00Z"},
        "/occurred_at",
        '"2026-02-30T00:00:00Z" is not a date or time; write 2026-11-22 or 2026-11-22T01:42:14Z',
    ),
    (
        {"type": "x", "contact": "a", "occurred_at": "1812-01-01"},
        "/occurred_at",
        "it is before the year 1900",
    ),
    ({"type": "x", "contact": "a", "propertys": {}}, "/propertys", 'unknown key "propertys"'),
    (
        {"type": "x", "contact": "a", "properties": {"n": 2**60}},
        "/properties/n",
        "an integer beyond 2^53 loses digits in JSON; send it as a text",
    ),
    (
        {"type": "x", "contact": "a", "properties": {"n": ["\0"]}},
        "/properties/n/0",
        "a text cannot hold the character NUL",
    ),
    (
        {"type": "x", "contact": "a", "properties": []},
        "/properties",
        '"properties" should be a mapping of keys to values',
    ),
]


@pytest.mark.parametrize(("event", "pointer", "message"), WRONG_EVENTS)
async def test_a_wrong_event_is_told_where_and_why(
    kindling: Installation, event: dict[str, Any], pointer: str, message: str
) -> None:
    answer = await kindling.client.post("/v1/events", json=event)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    mistakes = answer.json()["errors"]
    assert [error["pointer"] for error in mistakes] == [pointer]
    assert mistakes[0]["message"].startswith(message)
    assert (await kindling.get("/v1/event-types"))["items"] == []


async def test_properties_nested_too_deeply_are_refused(kindling: Installation) -> None:
    deep = b'{"type":"x","contact":"a","properties":' + b'{"a":' * 300 + b"1" + b"}" * 301
    answer = await kindling.client.post("/v1/events", content=deep, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("it is nested too deeply")


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        (b"", JSON, 400, "the body is empty; send JSON"),
        (
            b'{"type": "x",\n "contact": }',
            JSON,
            400,
            "the body is not JSON: unexpected character, expected a JSON value at line 2, column 13",
        ),
        (
            b"{}",
            {},
            415,
            "the body should be application/json or application/x-ndjson, which the header Content-Type has to say",
        ),
        (
            b"{}",
            {"content-type": "text/plain"},
            415,
            "the body should be application/json or application/x-ndjson, not text/plain",
        ),
        (
            b"[" + b"{}," * 2_500 + b"{}]",
            JSON,
            413,
            (
                "the array has 2,501 events; up to 2,500 are taken at once. Send several arrays, or one event "
                "per line as application/x-ndjson, which has no limit"
            ),
        ),
        (
            b'"' + b"x" * 8_000_001 + b'"',
            JSON,
            413,
            (
                "the body is larger than 8 MB (KINDLING_MAX_BODY_MB); send events in smaller arrays, or as "
                "application/x-ndjson, which has no limit"
            ),
        ),
    ],
    ids=["empty", "malformed", "no type", "text", "long array", "large"],
)
async def test_a_body_that_cannot_be_used_is_a_clear_problem(
    kindling: Installation, body: bytes, headers: dict[str, str], status: int, detail: str
) -> None:
    answer = await kindling.client.post("/v1/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stream_of_lines_is_taken_whatever_its_chunks(kindling: Installation) -> None:
    events = [{"id": f"e{n}", "type": "email.opened", "contact": f"c{n % 7}"} for n in range(2_345)]
    body = b"\n".join(json.dumps(event).encode() for event in events)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 997):
            yield body[start : start + 997]

    answer = await kindling.client.post("/v1/events", content=chunks(), headers=NDJSON)
    assert answer.status_code == 202
    assert answer.json() == {
        "request": answer.json()["request"],
        "accepted": 2_345,
        "duplicates": 0,
        "conflicts": [],
        "conflicts_count": 0,
        "rejected": [],
        "rejected_count": 0,
    }
    assert len((await kindling.get("/v1/contacts"))["items"]) == 7


async def test_bad_lines_of_a_stream_are_listed_by_line(kindling: Installation) -> None:
    lines = [
        b'{"type": "x", "contact": "ada"}',
        b"",
        b"{nonsense",
        b'{"type": "x"}',
        b'{"type": "x", "contact": "ada", "properties": {"long": "' + b"y" * 1_000_000 + b'"}}',
        b'{"type": "x", "contact": "ada"}\r',
    ]
    answer = (await kindling.client.post("/v1/events", content=b"\n".join(lines), headers=NDJSON)).json()
    assert (answer["accepted"], answer["rejected_count"]) == (2, 3)
    assert sorted((item["index"], item["errors"][0]["message"][:25]) for item in answer["rejected"]) == [
        (2, "the line is not JSON: une"),
        (3, "an event needs the key of"),
        (4, "the line is longer than 1"),
    ]


async def test_a_time_ahead_of_the_clock_is_the_time_of_arrival(kindling: Installation) -> None:
    await kindling.send(*opened("ada", occurred_at="2030-01-01T00:00:00Z"))
    (event,) = (await kindling.get("/v1/events", type="email.opened"))["items"]
    assert event["occurred_at"] == event["received_at"] == "2026-11-22T12:00:00.000000Z"


async def test_silent_events_enroll_nobody(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 6), triggers="silent")
    kindling.score()
    assert (await kindling.get("/v1/enrollments"))["items"] == []
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"][0]["score"] == 6


async def test_triggers_are_silent_or_fire(kindling: Installation) -> None:
    answer = await kindling.client.post("/v1/events?triggers=quiet", json=opened("ada"))
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        '"triggers" is "silent" or "fire", not "quiet"',
    )


async def test_events_are_paged_the_newest_first(kindling: Installation) -> None:
    for hour in range(5):
        await kindling.send(
            {"id": f"e{hour}", "type": "x", "contact": "ada", "occurred_at": f"2026-11-20T0{hour}:00"}
        )
    seen: list[str] = []
    cursor = None
    while True:
        page = await kindling.get("/v1/events", type="x", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["e4", "e3", "e2", "e1", "e0"]


async def test_a_quarantined_event_can_be_queued_again(kindling: Installation) -> None:
    await kindling.publish(
        rules=[{"key": "paid", "on": "paid", "where": {"amount": {"greater": 1}}, "points": 5}]
    )
    await kindling.send({"id": "bad", "type": "paid", "contact": "ada", "properties": {"amount": 2}})
    with kindling.database.write() as connection:
        connection.exec_driver_sql("UPDATE events SET properties = '{broken' WHERE id = 'bad'")
    kindling.score()

    (event,) = (await kindling.get("/v1/quarantine"))["items"]
    assert event["id"] == "bad"
    assert event["error"].startswith("profile engagement: JSONDecodeError")
    assert (await kindling.get("/v1/status"))["quarantined"] == 1

    with kindling.database.write() as connection:
        connection.exec_driver_sql("""UPDATE events SET properties = '{"amount": 2}' WHERE id = 'bad'""")
    answer = await kindling.client.post("/v1/quarantine/bad/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"][0]["score"] == 5

    again = await kindling.client.post("/v1/quarantine/bad/retry")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        'event "bad" is not in quarantine; it is applied',
    )
    unknown = await kindling.client.post("/v1/quarantine/nothing/retry")
    assert unknown.status_code == 404
