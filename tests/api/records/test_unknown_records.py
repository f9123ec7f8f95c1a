"""A filter that names nobody is told: an empty page would look like nothing has happened."""

import pytest

from tests.api.installation import Installation

LISTS = ("events", "enrollments", "tasks", "notifications", "webhooks")


@pytest.mark.parametrize("of", LISTS)
async def test_an_unknown_contact_or_deal_in_a_filter_is_told(kindling: Installation, of: str) -> None:
    for kind in ("contact", "deal"):
        answer = await kindling.client.get(f"/v1/{of}", params={kind: "nobody"})
        if answer.status_code == 404:
            pytest.fail(f"there is no list /v1/{of}")
        assert answer.status_code == 422, answer.text
        assert f'there is no {kind} "nobody"' in answer.json()["detail"]


async def test_a_plus_that_was_read_as_a_blank_is_pointed_out(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada%2Bnews@example.com", json={})
    wrong = await kindling.client.get("/v1/events?contact=ada+news@example.com")
    assert wrong.status_code == 422
    assert "write %2B" in wrong.json()["detail"]
    right = await kindling.client.get("/v1/events?contact=ada%2Bnews@example.com")
    assert right.status_code == 200


async def test_an_unknown_contact_in_the_list_of_deals_is_told(kindling: Installation) -> None:
    answer = await kindling.client.get("/v1/deals?contact=nobody")
    assert answer.status_code == 422
    assert 'there is no contact "nobody"' in answer.json()["detail"]


async def test_an_address_that_is_no_utf_8_is_refused(kindling: Installation) -> None:
    """Its bytes would all become the same key."""
    for key in ("%ed%a0%80", "%ff", "a%c3"):
        answer = await kindling.client.put(f"/v1/contacts/{key}", json={})
        assert answer.status_code == 400, answer.text
        assert "UTF-8" in answer.json()["detail"]
    assert (await kindling.client.put("/v1/contacts/%C3%96zg%C3%BCr", json={})).json()["key"] == "Özgür"
