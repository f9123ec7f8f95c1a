"""What the documentation mentions is there: files, headings, commands and their options, calls."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

import cli
from reference.interface import described_calls
from reference.pages import ROOT, pages

PAGES = [*pages(), ROOT / "README.md", ROOT / "CHANGELOG.md"]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_SHELL = re.compile(r"(?s)```(?:sh|console)\n(.*?)```")
_CALL = re.compile(r"(?:GET|PUT|POST|PATCH|DELETE) /\S+")


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def _prose(text: str) -> str:
    return re.sub(r"(?s)```.*?```", "", text)


def _commands(text: str) -> Iterator[list[str]]:
    """The words of every `kindling ...` in shell blocks and inline code."""
    lines = [line for block in _SHELL.findall(text) for line in block.splitlines()]
    typed = [line.removeprefix("$ ") for line in lines if line.startswith(("$ kindling ", "kindling "))]
    typed += [code for code in _INLINE.findall(_prose(text)) if code.startswith("kindling ")]
    yield from (shlex.split(line)[1:] for line in typed)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.*)$", file.read_text("utf-8"))
            assert anchor in map(_anchor, headings), f"{page.name} links to {target}; no such heading"


def test_paths_that_are_mentioned_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    words = {word for code in _INLINE.findall(_prose(text)) for word in code.split()}
    words |= {word for command in _commands(text) for word in command}
    for word in words:
        in_the_repository = "/" in word and (ROOT / word.partition("/")[0]).is_dir() and word[0] not in "./"
        if in_the_repository or re.fullmatch(r"\w+\.(py|md|toml)", word):
            assert (ROOT / word).exists(), f"{page.name} mentions {word}, which is not there"


def test_tests_that_are_mentioned_exist(page: Path) -> None:
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"(?m)^(?:async )?def (test_\w+)", file.read_text("utf-8"))
    }
    for name in _INLINE.findall(_prose(page.read_text("utf-8"))):
        if re.fullmatch(r"test_\w+", name):
            assert name in there, f"{page.name} mentions {name}, which is no test"


def test_commands_and_options_exist(page: Path) -> None:
    group = typer.main.get_command(cli.app)
    known = getattr(group, "commands")  # noqa: B009 - a group of commands, whichever class typer gives it
    for words in _commands(page.read_text("utf-8")):
        assert words[0] in known, f"{page.name} mentions kindling {words[0]}, which is no command"
        command, rest = known[words[0]], words[1:]
        if inner := getattr(command, "commands", None):
            command, rest = (
                (inner[rest[0]], rest[1:])
                if rest and rest[0] in inner
                else (inner.get("events", command), rest)
            )
        options = {option for parameter in command.params for option in parameter.opts}
        for word in rest:
            if word.startswith("-"):
                assert word in options, f"{page.name} mentions kindling {words[0]} {word}, which is no option"


def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?m)(?:`|^)make ([a-z]+)", page.read_text("utf-8")):
        assert re.search(rf"(?m)^{target}:", makefile), f"{page.name} mentions make {target}"


def test_calls_exist(page: Path) -> None:
    known = {call for call, _, _ in described_calls()}
    for code in _INLINE.findall(_prose(page.read_text("utf-8"))):
        if _CALL.fullmatch(code):
            assert code in known, f"{page.name} mentions {code}, which is no call of the API"


def test_pages_in_docs_are_linked_from_somewhere() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in _LINK.findall(page.read_text("utf-8"))
        if not target.startswith("https://")
    }
    assert [page.name for page in pages() if page.resolve() not in linked] == []
