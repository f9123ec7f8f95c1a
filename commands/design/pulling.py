"""`kindling pull`: what the installation has, as files."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from automations.documents import load_documents
from commands.definition_files import read_files
from commands.design.definitions import refuse
from commands.output import note, print_json, say
from commands.session import session
from runtime.errors import ReadableError
from services.design.document_kinds import MODELS
from services.design.pulling import Pulled, PulledDocument, Pulls, put_together

#: Where a definition goes of which there is no file yet.
_FOLDERS = {
    "score_profile": "profiles",
    "automation": "automations",
    "recipient": "recipients",
    "smart_list": "lists",
}


def pull(folder: Path, *, force: bool, dry_run: bool, as_json: bool) -> int:
    """Write every definition as a file, or into the file that has it."""
    if folder.exists() and not folder.is_dir():
        raise ReadableError(f"{folder} is a file; name a folder to write into")
    files = dict(read_files(folder, may_be_empty=True))
    documents = load_documents(files.items(), MODELS)
    if documents.mistakes:
        return refuse(documents.mistakes, as_json=as_json)
    with session() as opened:
        pulls = Pulls(opened.application.resources)
        pulled = pulls.read(documents, force=force)
        texts, places = _texts(folder, files, pulled)
        if not dry_run:
            for path, text in texts.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, text)
            pulls.note(pulled)
    if as_json:
        print_json(_data(pulled, places))
    else:
        _print(pulled, places, dry_run=dry_run)
    return 0


Places = Mapping[tuple[str, str], Path]


def _texts(folder: Path, files: Mapping[str, str], pulled: Pulled) -> tuple[dict[Path, str], Places]:
    """The text of each file that becomes another, and where each definition is then."""
    texts: dict[Path, str] = {}
    places: dict[tuple[str, str], Path] = {}
    of_file: defaultdict[str, list[PulledDocument]] = defaultdict(list)
    for one in pulled.documents:
        if one.document is not None:
            of_file[one.document.file].append(one)
            path = Path(one.document.file)
        else:
            path = _free(folder / _FOLDERS[one.kind] / f"{one.stored.key}.yaml", texts)
            texts[path] = one.text.strip("\r\n") + "\n"
        places[one.kind, one.stored.key] = path
    for file, changed in of_file.items():
        texts[Path(file)] = put_together(files[file], changed)
    return texts, places


def _free(path: Path, taken: Mapping[Path, str]) -> Path:
    """A path of which there is no file."""
    number, free = 2, path
    while free in taken or free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free


def _write(path: Path, text: str) -> None:
    """Write it as a whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(text.encode())
        beside.replace(path)
    except OSError as error:
        raise ReadableError(f"{path} cannot be written: {error.strerror}") from None


def _data(pulled: Pulled, places: Places) -> dict[str, object]:
    return {
        "items": [
            {
                "kind": one.kind,
                "key": one.stored.key,
                "action": "change" if one.document is not None else "create",
                "file": str(places[one.kind, one.stored.key]),
                "rewritten": one.rewritten,
            }
            for one in pulled.documents
        ],
        "unchanged": [{"kind": one.kind, "key": one.key, "file": one.file} for one in pulled.unchanged],
        "only_here": [{"kind": one.kind, "key": one.key, "file": one.file} for one in pulled.only_here],
    }


def _print(pulled: Pulled, places: Places, *, dry_run: bool) -> None:
    for one in pulled.documents:
        sign = "~" if one.document is not None else "+"
        say(f"{sign} {one.kind} {one.stored.key}: {places[one.kind, one.stored.key]}")
        if one.rewritten:
            note("  written anew: its comments could not be kept")
        if one.elsewhere:
            note(
                "  edited since it was applied from another file: applying this one needs --force, or pull there"
            )
    for document in pulled.only_here:
        say(f"? {document.kind} {document.key}: only in {document.file}", "dim")
    done = "would be written" if dry_run else "written"
    say(f"{len(pulled.documents)} {done}, {len(pulled.unchanged)} as they are in the files.")
