"""What `apply --triggers fire` says that it will start is what it starts."""

from collections import Counter

import pytest
import sqlalchemy as sa

from automations.documents import Documents, load_documents
from services.design.document_kinds import MODELS
from services.design.plan import Plans
from tests.api.installation import Installation, opened

PROFILE = """
kind: score_profile
key: engagement
bands: {cold: null, warm: 3, hot: 6}
rules:
  - {key: opened, on: email.opened, points: 1}
"""
OTHER = PROFILE.replace("key: engagement", "key: other", 1)
OF_DEALS = PROFILE.replace("key: engagement", "key: engagement\napplies_to: deal", 1)
AUTOMATION = """
kind: automation
key: hot
trigger: {profile: engagement, filters: {score: {greater_or_equal: 5}}}
steps: [{add_tag: hot}, {wait: 3d}]
"""
SECOND = AUTOMATION.replace("key: hot", "key: second").replace("greater_or_equal: 5", "less: 5")
DOUBLED = PROFILE.replace("points: 1", "points: 2")


def documents(*texts: str) -> Documents:
    loaded = load_documents([(f"{number}.yaml", text) for number, text in enumerate(texts)], MODELS)
    assert not loaded.mistakes
    return loaded


def started(kindling: Installation) -> Counter[str]:
    """Enrollments by automation."""
    with kindling.database.read() as connection:
        query = sa.text(
            "SELECT a.key, count(*) FROM enrollments e JOIN automations a ON a.id = e.automation_id GROUP BY a.key"
        )
        return Counter(dict(connection.execute(query).all()))


def applied(kindling: Installation, *texts: str, silent: bool = True) -> None:
    plans = Plans(kindling.application.resources, kindling.publishes.append)
    plans.apply(documents(*texts), silent=silent)
    kindling.score()


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        pytest.param((PROFILE, AUTOMATION), (DOUBLED, AUTOMATION), {"hot": 6}, id="a profile changes"),
        pytest.param((PROFILE,), (DOUBLED, AUTOMATION), {"hot": 6}, id="with a new automation"),
        pytest.param((), (PROFILE, AUTOMATION), {"hot": 4}, id="all is new"),
        pytest.param(
            (PROFILE, AUTOMATION),
            (DOUBLED, AUTOMATION.replace("greater_or_equal: 5", "greater_or_equal: 9"), SECOND),
            {"hot": 4, "second": 2},
            id="an automation changes, too",
        ),
        pytest.param(
            (PROFILE, AUTOMATION),
            (DOUBLED, AUTOMATION.replace("filters:", "fires: on_entry, filters:")),
            {"hot": 2},
            id="only who comes to match",
        ),
        pytest.param(
            (PROFILE, AUTOMATION),
            (DOUBLED, AUTOMATION.replace("filters:", "reentry: once, filters:")),
            {"hot": 2},
            id="nobody twice",
        ),
        pytest.param(
            (PROFILE, AUTOMATION),
            (DOUBLED, AUTOMATION + "exit_when: {band: {equal: hot}}\n"),
            {},
            id="all would exit",
        ),
        pytest.param(
            (PROFILE, OTHER),
            (
                DOUBLED,
                OTHER.replace("points: 1", "points: 3"),
                AUTOMATION,
                SECOND.replace("engagement", "other"),
            ),
            {"hot": 6, "second": 1},
            id="two profiles",
        ),
        pytest.param(
            (OF_DEALS, AUTOMATION),
            (OF_DEALS.replace("points: 1", "points: 2"), AUTOMATION),
            {"hot": 6},
            id="of deals",
        ),
        pytest.param((PROFILE, AUTOMATION), (PROFILE, SECOND), {}, id="no score moves"),
    ],
)
async def test_promised_is_what_happens(
    kindling: Installation, before: tuple[str, ...], after: tuple[str, ...], wanted: dict[str, int]
) -> None:
    if before:
        applied(kindling, *before)
    for number in range(1, 9):
        deal = {"deal": f"d{number}"}
        await kindling.client.put(f"/v1/deals/d{number}", json={"contact": f"c{number}"})
        await kindling.send(*(event for event in opened(f"c{number}", number, **deal)))
    kindling.score()
    already = started(kindling)
    plans = Plans(kindling.application.resources, kindling.publishes.append)
    promised = kindling.application.impact.promised(plans.plan(documents(*after)))
    assert started(kindling) == already
    applied(kindling, *after, silent=False)
    assert {one.automation: one.enrolled for one in promised} == dict(started(kindling) - already)
    assert dict(started(kindling) - already) == wanted


async def test_a_paused_automation_starts_nothing(kindling: Installation) -> None:
    applied(kindling, PROFILE, AUTOMATION)
    await kindling.send(*opened("ada", 4))
    kindling.score()
    kindling.application.automations.pause("hot", paused=True)
    changed = (DOUBLED, AUTOMATION.replace("wait: 3d", "wait: 4d"))
    plans = Plans(kindling.application.resources, kindling.publishes.append)
    assert kindling.application.impact.promised(plans.plan(documents(*changed))) == []
    applied(kindling, *changed, silent=False)
    assert started(kindling) == {}
