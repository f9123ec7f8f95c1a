"""Editing a definition as YAML: what was typed is never lost, and every message stands at its line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from automations.yaml_text import NotYaml, YamlDocument, read_yaml
from console.forms import Form
from console.language import Speech
from services.design.automations import Automations
from services.design.profiles import Profiles
from services.design.yaml_writing import document_text
from services.entity_tags import TaggedAnswer
from services.preconditions import ALWAYS, Precondition, PreconditionFailed, Tags
from services.resources import Conflict, Invalid

#: What an answer says of how a definition stands, which is no part of its document.
STANDING = (
    *("status", "version", "latest_version", "unpublished_changes", "publishing", "updated_at", "warnings"),
    *("difference", "enrolled", "follow_ups_paused", "follow_ups_resumed"),
)
Stored = TypeVar("Stored", bound=TaggedAnswer)
Save: TypeAlias = Callable[[str, Any, Precondition], tuple[Stored, bool]]
"""Saves a document under a key, if the stored one is as wanted."""


@dataclass(frozen=True)
class LineProblem:
    """A message and the line that it is about; 0: all of it."""

    line: int
    message: str


@dataclass
class Draft:
    """What stands in the editor. `tag`: of the stored draft that it began from; `theirs`: what another has saved."""

    text: str
    tag: str = ""
    problems: list[LineProblem] = field(default_factory=list)
    theirs: str | None = None

    @property
    def numbers(self) -> str:
        """The numbers of its lines, one on each."""
        return "\n".join(str(number) for number in range(1, self.text.count("\n") + 2))


def draft_of(stored: TaggedAnswer) -> Draft:
    """The stored draft as text."""
    return Draft(text_of(stored), stored.tag())


def document_of(stored: TaggedAnswer) -> dict[str, Any]:
    """The document in an answer."""
    content = stored.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {
        name: value for name, value in content.items() if name not in STANDING and value not in (None, "")
    }


def text_of(stored: TaggedAnswer) -> str:
    """The document in an answer as YAML."""
    return document_text(document_of(stored))


def save_typed(
    form: Form, key: str | None, save: Save[Stored], present: Callable[[str], Stored], speech: Speech
) -> Draft | Stored:
    """Save what was typed. What is stored then, or the draft with what is wrong with it.

    Without a `key` it is that of the document, which must be new.
    """
    draft = Draft(form.raw("text"), form.text("tag"))
    document = _only_document(draft, speech)
    if document is None:
        return draft
    named = str(document.value.get("key") or "")
    if key is None and not named:
        draft.problems.append(LineProblem(0, speech.gettext("Say what it is called: key: my-automation")))
        return draft
    when = Precondition(match=Tags(strong=(draft.tag,))) if draft.tag else ALWAYS
    if key is None:
        when = Precondition(none_match=Tags(any=True))
    try:
        saved, _ = save(key or named, document.value, when)
    except Invalid as error:
        draft.problems = [
            LineProblem(document.place(problem.loc)[0], problem.message) for problem in error.problems
        ]
    except PreconditionFailed:
        if key is None:
            draft.problems.append(
                LineProblem(0, speech.gettext("There is one of this key already; choose another key."))
            )
        else:
            stored = present(key)
            draft.theirs, draft.tag = text_of(stored), stored.tag()
    except Conflict as error:
        draft.problems.append(LineProblem(0, str(error)))
    else:
        return saved
    return draft


def published_document(definitions: Automations | Profiles, key: str) -> dict[str, Any]:
    """The document of the published version; raises Conflict where there is none."""
    for one in definitions.versions(key).items:
        if one.current:
            return one.definition
    raise Conflict(f'"{key}" is not published, so there is nothing to go back to')


def _only_document(draft: Draft, speech: Speech) -> YamlDocument | None:
    """The document in the text, or None with what is wrong noted."""
    try:
        documents = list(read_yaml(draft.text))
    except NotYaml as error:
        draft.problems.append(LineProblem(error.line, error.message))
        return None
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        draft.problems.append(LineProblem(0, speech.gettext("Write exactly one document.")))
        return None
    draft.problems = [
        LineProblem(documents[0].place(problem.loc)[0], problem.message) for problem in documents[0].problems
    ]
    return None if draft.problems else documents[0]
