"""Every setting is read by somebody, and those that are secret reach no process that does not read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference.pages import ROOT
from runtime.settings import Process, Settings

#: What runs in one process alone; all else in several.
FOLDERS: dict[Process, tuple[str, ...]] = {
    "api": ("api", "console", "services/access"),
    "worker": ("worker.py", "activities", "workflows"),
}
#: What several processes run.
SEVERAL = ("services", "engine", "store")
#: Secrets that every process is given, and for what.
SHARED = {
    "database_url": "all that is stored",
    "temporal_api_key": "workflows",
    "smtp_url": "the API sends messages that try a recipient",
}
#: What several processes run and reads a setting that one of them is given: why the others can do without.
WITHOUT = {
    ("webhook_secret", "services/operations/signing.py"): "the command line, which reads every setting",
    ("webhook_secret", "services/foresight/rehearsal/rehearse.py"): "where it is not known, that is said",
    ("secrets_file", "services/foresight/rehearsal/rehearse.py"): "where it is not known, that is said",
}
#: Others get the API's address, in the place of its public one.
PASSED_ON = {"host"}
_SETTINGS = Path("runtime/settings.py")


def _modules() -> Iterator[tuple[Path, ast.AST]]:
    for file in sorted(ROOT.rglob("*.py")):
        path = file.relative_to(ROOT)
        if not path.parts[0].startswith((".", "tests", "build")):
            yield path, ast.parse(file.read_text("utf-8"))


def _read(tree: ast.AST, owner: str) -> set[str]:
    """The names that are read of something called `settings` (or `_settings`, `self.settings` ...)."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith(owner)
    }


def _readers() -> dict[str, set[Path]]:
    """The modules that read a setting, also by a property that is made of it."""
    made_of: dict[str, set[str]] = {}
    readers: dict[str, set[Path]] = {}
    for path, tree in _modules():
        if path == _SETTINGS:
            made_of = {
                node.name: _read(node, "self") for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
            }
        for name in _read(tree, "settings"):
            readers.setdefault(name, set()).add(path)
    for name, parts in made_of.items():
        for part in parts:
            readers.setdefault(part, set()).update(readers.get(name, ()))
    return readers


READERS = _readers()
EACH = pytest.mark.parametrize("name", Settings.model_fields)


def _only(name: str) -> str | None:
    extra = Settings.model_fields[name].json_schema_extra
    return str(extra["only"]) if isinstance(extra, dict) and "only" in extra else None


def _processes(name: str) -> set[str]:
    """The processes that run what reads a setting."""
    of: set[str] = set()
    for path in READERS[name]:
        alone = {one for one, folders in FOLDERS.items() if any(map(path.is_relative_to, folders))}
        if alone:
            of |= alone
        elif path.parts[0] in SEVERAL and (name, path.as_posix()) not in WITHOUT:
            of |= set(FOLDERS)
    return of


@EACH
def test_every_setting_is_read(name: str) -> None:
    assert READERS.get(name), f"nothing reads {name}"


@EACH
def test_a_setting_of_one_process_is_read_by_no_other(name: str) -> None:
    others = set(FOLDERS) - {_only(name)} if _only(name) else set()
    assert name in PASSED_ON or not _processes(name) & others, (
        f"{name} is not given to the {others} that reads it"
    )


@EACH
def test_a_secret_says_which_process_reads_it(name: str) -> None:
    if "SecretStr" in str(Settings.model_fields[name].annotation):
        assert (_only(name) is None) == (name in SHARED), (
            f"{name} is a secret: say only=, or in SHARED for what"
        )
