"""What is stored, as files: their own text where it is still true, with the changes made elsewhere where it is not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from automations.documents import Document, Documents, load_documents
from services.design.definitions import begin_change
from services.design.document_kinds import DOCUMENT_KINDS, MODELS, DocumentKind, StoredDocument
from services.design.yaml_edits import edited_text
from services.design.yaml_writing import document_text
from services.resources import Conflict, Resources
from store.connection import Connection
from store.design import definitions


@dataclass(frozen=True)
class PulledDocument:
    """A definition of the installation and its text. `document`: the one of the files that it takes the place of.

    `rewritten`: comments are lost, because the changes could not be made in the text. `elsewhere`: another file, which
    is not here, has it as it was before it was edited.
    """

    kind: str
    stored: StoredDocument
    text: str
    document: Document | None = None
    rewritten: bool = False
    elsewhere: bool = False


@dataclass(frozen=True)
class Pulled:
    """What files have to become; those that say what is stored already are `unchanged`.

    `only_here`: documents of files of which nothing is stored.
    """

    documents: tuple[PulledDocument, ...]
    unchanged: tuple[Document, ...]
    only_here: tuple[Document, ...]


class Pulls:
    """Brings files up to what is stored."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def read(self, documents: Documents, *, force: bool = False) -> Pulled:
        """What the files, which have no mistakes, have to become.

        Raises Conflict when one was edited since it was applied; `force` overwrites such edits.
        """
        here = {(document.kind, document.key): document for document in documents.documents}
        pulled: list[PulledDocument] = []
        unchanged, edited = [], []
        with self._resources.database.read() as connection:
            for name, kind in DOCUMENT_KINDS.items():
                for stored in kind.all_stored(connection):
                    document = here.pop((name, stored.key), None)
                    form = kind.form(document.model) if document is not None else None
                    if document is not None and kind.same(form, stored.draft):
                        unchanged.append(document)
                        continue
                    if document is not None and not (stored.applied and kind.same(form, stored.applied)):
                        edited.append(document)
                    pulled.append(_pulled(kind, stored, document, form))
        if edited and not force:
            raise Conflict(
                "edited here since the last apply: "
                + ", ".join(f'{one.kind} "{one.key}" ({one.file})' for one in edited)
                + ". Apply these edits, or overwrite them with --force"
            )
        return Pulled(tuple(pulled), tuple(unchanged), tuple(here.values()))

    def note(self, pulled: Pulled) -> None:
        """Note that the files have been written: edits made before are known to them.

        Not where another file is, which does not know them: applying that one still has to be refused.
        """

        def work(connection: Connection) -> None:
            begin_change(connection)
            texts = [
                (one.kind, one.stored.key, one.stored.draft, one.text)
                for one in pulled.documents
                if not one.elsewhere
            ]
            texts += [
                (one.kind, one.key, DOCUMENT_KINDS[one.kind].form(one.model), one.text)
                for one in pulled.unchanged
            ]
            for name, key, form, text in texts:
                present = DOCUMENT_KINDS[name].stored(connection, key)
                if present is not None and DOCUMENT_KINDS[name].same(form, present.draft):
                    definitions.note_applied(connection, name, key, present.draft, text)

        self._resources.database.run(work)


def _pulled(
    kind: DocumentKind,
    stored: StoredDocument,
    document: Document | None,
    form: Mapping[str, object] | None,
) -> PulledDocument:
    """The text of the file, or else of what was applied, with what is stored in it."""
    text = document.text if document is not None else stored.source
    before = form if document is not None else stored.applied
    if text is None or before is None:
        return PulledDocument(kind.name, stored, document_text(stored.draft), document)
    if kind.same(before, stored.draft):
        return PulledDocument(kind.name, stored, text, document)
    changed = edited_text(text, before, stored.draft)
    kept = changed is not None and _says(kind, changed, stored)
    return PulledDocument(
        kind.name,
        stored,
        changed if changed is not None and kept else document_text(stored.draft),
        document,
        rewritten=not kept,
        elsewhere=document is None,
    )


def _says(kind: DocumentKind, text: str, stored: StoredDocument) -> bool:
    """Whether a text, read again, is what is stored."""
    read = load_documents([("", text)], MODELS)
    forms = [kind.form(one.model) for one in read.documents if one.kind == kind.name]
    return not read.mistakes and len(forms) == 1 and kind.same(forms[0], stored.draft)


def put_together(text: str, changed: Iterable[PulledDocument]) -> str:
    """The text of a file with these of its documents changed."""
    places = [
        (one.document.source.start, one.document.source.end, one.text) for one in changed if one.document
    ]
    for start, end, new in sorted(places, reverse=True):
        before = "\n" if start and not new.startswith(("\n", "\r", " ")) else ""
        after = "\n" if end < len(text) and not new.endswith("\n") else ""
        text = f"{text[:start]}{before}{new}{after}{text[end:]}"
    return text
