"""Smart lists in files: what is misspelled in them is pointed out, with its line."""

import pytest

from automations.documents import load_documents
from automations.known import Known
from services.design.document_kinds import MODELS
from services.design.plan import check_documents

PROFILE = """\
kind: score_profile
key: engagement
bands: {warm: 3, cold: null}
rules: [{key: opened, on: email.opened, points: 1}]
"""
DEALS = PROFILE.replace("key: engagement", "key: deals\napplies_to: deal", 1)
TAGGING = "kind: automation\nkey: tag\ntrigger: {event: x}\nsteps: [{add_tag: partner}]\n"


def told(text: str, stored: Known | None = None) -> tuple[list[str], list[str]]:
    files = [("lists.yaml", f"kind: smart_list\nkey: mine\n{text}")]
    files += [(f"{number}.yaml", other) for number, other in enumerate((PROFILE, DEALS, TAGGING))]
    mistakes, warnings = check_documents(load_documents(files, MODELS), stored)
    return [str(mistake) for mistake in mistakes], [str(warning) for warning in warnings]


def test_a_list_without_mistakes_has_none() -> None:
    text = "profile: engagement\nfilter: {band: warm, tag: partner}\nfilters: {contact.stage: {equal: x}}\n"
    assert told(text) == ([], [])


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("filter: {tga: x}\n", 'lists.yaml:3:10: unknown key "tga"; did you mean "tag"?'),
        ("fliter: {tag: x}\n", 'lists.yaml:3:1: unknown key "fliter"; did you mean "filter"?'),
        (
            "filters:\n  contact.stage: {equal: x}\n  contac.owner: {empty: true}\n",
            'lists.yaml:5:3: unknown field "contac.owner"; did you mean "contact.owner"?',
        ),
        ("filter: {status: open}\n", 'lists.yaml:3:10: "status" is not a field of contacts'),
        (
            "profile: engagement\nfilter: {band: warn}\n",
            'lists.yaml:4:10: profile "engagement" has no band "warn"; did you mean "warm"?',
        ),
        (
            "profile: engagment\n",
            'lists.yaml:3:1: there is no profile "engagment" in these files; did you mean "engagement"?',
        ),
        ("profile: deals\n", 'lists.yaml:3:1: the profile "deals" scores deals, not contacts'),
        (
            "filters:\n  any:\n    - scores.engagemnt: {greater: 1}\n",
            'lists.yaml:5:7: there is no profile "engagemnt" in these files; did you mean "engagement"?',
        ),
        ("sort: score\n", "lists.yaml:3:1: sorting by score needs to know whose: add profile=<key>"),
    ],
)
def test_a_mistake_has_its_line_and_its_remedy(text: str, mistake: str) -> None:
    assert told(text)[0] == [mistake]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("filter: {tag: partnr}\n", 'lists.yaml:3:10: no automation in these files adds the tag "partnr"'),
        (
            "filters: {contact.tags: {has: partnr}}\n",
            'lists.yaml:3:26: no automation in these files adds the tag "partnr"',
        ),
        ("filters: {contact.onwer: {equal: x}}\n", 'lists.yaml:3:11: "contact.onwer" is a field of your own'),
        (
            "filters: {bands.engagement: {equal: warn}}\n",
            "lists.yaml:3:11: bands.engagement is one of cold, warm",
        ),
        (
            "profile: engagement\nfilters: {band: {equal: warn}}\n",
            "lists.yaml:4:11: band is one of cold, warm",
        ),
    ],
)
def test_what_is_hardly_meant_is_pointed_out(text: str, warning: str) -> None:
    mistakes, [said] = told(text)
    assert mistakes == []
    assert said.startswith(warning)


def test_a_band_of_what_is_published_counts_until_a_document_says_otherwise() -> None:
    stored = Known(profiles={}, published_bands={"engagement": ("warn",), "other": ("x",)})
    assert len(told("profile: engagement\nfilter: {band: warn}\n", stored)[0]) == 1
