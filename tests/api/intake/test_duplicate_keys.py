"""A key twice in one JSON object is refused: a decoder would silently keep the last."""

import pytest

from tests.api.installation import Installation


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/events", '{"type": "x", "contact": "a", "contact": "b"}'),
        ("PUT", "/v1/profiles/p", '{"rules": [{"key": "e", "on": "x", "points": 1, "key": "f"}]}'),
        ("PUT", "/v1/contacts/ada", '{"fields": {"a": 1, "a": 2}}'),
    ],
)
async def test_a_duplicate_key_is_named_and_nothing_saved(
    kindling: Installation, method: str, path: str, body: str
) -> None:
    answer = await kindling.client.request(
        method, path, content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert "is there twice in one object" in answer.json()["detail"]
    assert (await kindling.get("/v1/contacts"))["items"] == []
