"""Definitions in YAML files: all documents of all files, or every mistake in them with its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from automations.model import Automation, Recipient
from automations.smart_list import SmartList
from automations.yaml_text import NotYaml, YamlDocument, read_yaml
from conditions.limits import FILE, definition_problems
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion

MODELS_BY_KIND: Mapping[str, type[BaseModel]] = {
    "automation": Automation,
    "recipient": Recipient,
    "smart_list": SmartList,
}
"""The kinds of this package; those who load score profiles as well add theirs."""


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong where in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True)
class Document:
    """One valid document and where it came from."""

    kind: str
    key: str
    model: BaseModel
    raw: Mapping[str, Any]
    file: str
    source: YamlDocument = field(repr=False)

    @property
    def text(self) -> str:
        """What its author wrote."""
        return self.source.text

    def mistake(self, problem: Problem) -> Mistake:
        """A problem found later, with its line."""
        return Mistake(self.file, *self.source.place(problem.loc), problem.message)


@dataclass(frozen=True)
class Documents:
    """The valid documents, and all mistakes; nothing should be saved while there are any."""

    documents: tuple[Document, ...]
    mistakes: tuple[Mistake, ...]
    named: frozenset[tuple[str, str]] = frozenset()

    def keys_of(self, kind: str) -> set[str]:
        """The keys of a kind, those of documents with mistakes too: others may refer to them."""
        return {key for of_kind, key in self.named if of_kind == kind}

    def models(self, kind: str) -> dict[str, Any]:
        """The models of a kind by key."""
        return {key: document.model for key, document in self.of_kind(kind).items()}

    def of_kind(self, kind: str) -> dict[str, Document]:
        """The documents of a kind by key."""
        return {document.key: document for document in self.documents if document.kind == kind}


def load_documents(
    files: Iterable[tuple[str, str]], kinds: Mapping[str, type[BaseModel]] = MODELS_BY_KIND
) -> Documents:
    """Read the documents in (file name, text) pairs; `kinds` has the model of each `kind`."""
    loader = _Loader(kinds)
    for name, text in files:
        loader.read(name, text)
    return Documents(
        tuple(loader.documents.values()), tuple(sorted(loader.mistakes)), frozenset(loader.named)
    )


class _Loader:
    def __init__(self, kinds: Mapping[str, type[BaseModel]]) -> None:
        self._kinds = kinds
        self.documents: dict[tuple[str, str], Document] = {}
        self.mistakes: list[Mistake] = []
        self.named: set[tuple[str, str]] = set()

    def read(self, file: str, text: str) -> None:
        empty = True
        if (size := len(text.encode(errors="replace"))) > FILE.most:
            self.mistakes.append(Mistake(file, 1, 1, FILE.problem((), size).message))
            return
        try:
            for source in read_yaml(text):
                empty = False
                self._take(file, source)
        except NotYaml as error:
            self.mistakes.append(Mistake(file, error.line, error.column, error.message))
        else:
            if empty:
                self.mistakes.append(
                    Mistake(file, 1, 1, f"the file is empty; begin with `kind: {self._names[0]}`")
                )

    @property
    def _names(self) -> list[str]:
        return list(self._kinds)

    def _take(self, file: str, source: YamlDocument) -> None:
        problems = list(source.problems) or definition_problems(source.value)
        model, kind = None, ""
        if isinstance(source.value, dict) and not problems:
            kind = str(source.value.get("kind", ""))
            self.named.add((kind, str(source.value.get("key", ""))))
            model = self._validate(kind, source.value, problems)
        elif not isinstance(source.value, dict):
            problems.append(Problem((), "a document is a mapping of keys to values, beginning with `kind:`"))
        for problem in problems:
            self.mistakes.append(Mistake(file, *source.place(problem.loc), problem.message))
        if model is not None and not problems:
            self._add(Document(kind, str(source.value["key"]), model, source.value, file, source))

    def _validate(self, kind: str, raw: dict[str, Any], problems: list[Problem]) -> BaseModel | None:
        if kind not in self._kinds:
            said = f'unknown kind "{kind}"' if "kind" in raw else 'the document needs a "kind"'
            problems.append(Problem(("kind",), f"{said}{suggestion(kind, self._names)}"))
            return None
        try:
            return self._kinds[kind].model_validate(raw)
        except ValidationError as error:
            problems += plain_errors(error, raw)
            return None

    def _add(self, document: Document) -> None:
        identity = (document.kind, document.key)
        first = self.documents.setdefault(identity, document)
        if first is not document:
            line, _ = first.source.place(("key",))
            message = f'{document.kind} "{document.key}" is there twice, first in {first.file}:{line}'
            self.mistakes.append(document.mistake(Problem(("key",), message)))
