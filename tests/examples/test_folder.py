"""The folder of the twelve examples: it is valid as a whole, told about in the README, and lives together."""

import re
from pathlib import Path

import pytest

from automations.documents import load_documents
from automations.model import Recipient
from commands.definition_files import read_files
from services.design.document_kinds import MODELS
from services.design.plan import check_documents
from tests.examples.conftest import FOLDER, SHARED, Rehearsal, read

EXAMPLES = sorted({path.stem for path in FOLDER.glob("*.yaml")} - set(SHARED))


def test_the_folder_has_no_mistakes_and_no_warnings() -> None:
    """As `kindling check examples/automations` sees it: by itself, and beside the other examples."""
    assert check_documents(load_documents(read_files(FOLDER), MODELS)) == ([], [])
    assert check_documents(load_documents(read_files(FOLDER.parent), MODELS)) == ([], [])


@pytest.mark.parametrize("name", [*EXAMPLES, *SHARED])
def test_a_file_says_first_what_it_does_and_what_is_usually_turned(name: str) -> None:
    """Two or three lines of comment before anything else."""
    comment = re.match(r"(?:# .*\n)+", (FOLDER / f"{name}.yaml").read_text("utf-8"))
    assert comment is not None
    assert comment[0].count("\n") in (2, 3)
    assert "Usually turned: " in comment[0]


def test_each_of_the_twelve_stands_in_the_readme_and_has_its_tests() -> None:
    """One line of the table and one file of tests for each."""
    table = re.findall(r"(?m)^\| \[`([a-z-]+)\.yaml`\]\(automations/([a-z-]+)\.yaml\) \|", _readme())
    assert [name for name, _ in table] == [link for _, link in table]
    assert sorted(name for name, _ in table) == EXAMPLES
    assert len(EXAMPLES) == 12
    tests = {
        path.stem.removeprefix("test_").replace("_", "-") for path in Path(__file__).parent.glob("test_*.py")
    }
    assert set(EXAMPLES) <= tests


def test_mail_goes_to_addresses_that_belong_to_nobody() -> None:
    """Recipients have addresses at example.com only."""
    models = [document.model for document in read("recipients").documents]
    channels = [channel for model in models if isinstance(model, Recipient) for channel in model.channels]
    assert len(channels) == len(models)
    assert all(re.fullmatch(r"mailto:[a-z0-9-]+@example\.com", channel) for channel in channels)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.stack
async def test_all_of_them_work_side_by_side(rehearsal: Rehearsal) -> None:
    """A lead gets an owner, becomes hot, buys: what sales had planned ends, and customer care begins."""
    await rehearsal.apply(*EXAMPLES)
    rehearsal.contact("lead-1", fields={"country": "AT", "employees": 80})
    for event in ("webinar.attended", "form.submitted", "appointment.booked"):
        rehearsal.send(event, "lead-1")
        await rehearsal.settled()
    assert rehearsal.tags("lead-1") == ["hot"]
    assert rehearsal.mails() == [
        ("dach-1", "Yours now: lead-1@example.com"),
        ("dach-1", "Hot lead: lead-1@example.com"),
    ]
    rehearsal.deal("deal-1", contact="lead-1", name="First order", owner="dach-1", value=500, currency="EUR")
    rehearsal.deal("deal-1", status="won")
    await rehearsal.settled()
    assert rehearsal.tags("lead-1") == ["customer"]
    assert rehearsal.follow_ups("territory-hand-over") == ["exited"]
    assert rehearsal.follow_ups("hot-lead") == ["exited"]
    assert rehearsal.follow_ups("deal-won") == ["running"]
    await rehearsal.after("60d")
    assert rehearsal.follow_ups("deal-won") == ["running"]
    assert rehearsal.follow_ups("long-silence") == ["running"]
    assert rehearsal.follow_ups("cooling-lead") == []


def _readme() -> str:
    return (FOLDER.parent / "README.md").read_text("utf-8")
