"""Rehearsals on the command line: each step as it would be done."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from automations.documents import load_documents
from commands.definition_files import read_files
from commands.output import print_json, say, shown_moment
from commands.session import Session, session
from conditions.problems import suggestion
from conditions.values import shown_score
from runtime.errors import ReadableError
from services.design.document_kinds import MODELS
from services.design.plan import Plans
from services.foresight.rehearsal.answers import Rehearsal, RehearsedStep


def rehearse(
    automation: str,
    *,
    contact: str | None,
    deal: str | None,
    event: str | None,
    properties: Sequence[str],
    draft: bool,
    file: Path | None,
    take: Sequence[str],
    send_to: str | None,
    as_json: bool,
) -> int:
    """Show what every step of an automation would do for one record."""
    asked: dict[str, Any] = {
        "contact": contact,
        "deal": deal,
        "event": event,
        "properties": {name: _value(text) for name, text in _pairs(properties, "--property", "plan=pro")},
        "take": dict(_pairs(take, "--take", "2=else")),
        "send_to": send_to,
        "draft": draft,
    }
    body = {name: value for name, value in asked.items() if value}
    with session() as opened:
        if file is not None:
            body["document"] = _document(opened, file, automation)
        rehearsal = opened.application.rehearsals.rehearse(automation, body)
    if as_json:
        print_json(rehearsal)
    else:
        _print(rehearsal)
    return 0


def _pairs(given: Sequence[str], option: str, example: str) -> Iterator[tuple[str, str]]:
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ReadableError(f'{option} takes NAME=VALUE, such as {option} {example}, not "{text}"')
        yield name, value


def _value(text: str) -> Any:
    """A number, true, false, null, a list or an object where the text is one in JSON; else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _document(opened: Session, file: Path, key: str) -> Any:
    """The automation's document in a file, of which nothing is wrong."""
    documents = load_documents(read_files(file), MODELS)
    mistakes, _ = Plans(opened.application.resources, opened.link.start_publish).check(documents)
    if mistakes:
        raise ReadableError("\n".join(["the file has mistakes", *map(str, mistakes)]))
    known = documents.of_kind("automation")
    if key not in known:
        raise ReadableError(f'{file} has no automation "{key}"{suggestion(key, known)}')
    return known[key].raw


def _print(rehearsal: Rehearsal) -> None:
    version = f"version {rehearsal.version}" if rehearsal.version is not None else rehearsal.of
    whom = " and ".join(filter(None, (rehearsal.contact, rehearsal.deal)))
    say(f"{rehearsal.automation} ({version}) for {whom}, rehearsed: nothing is written", "bold")
    say(f"Trigger: {rehearsal.trigger.why}", "green" if rehearsal.trigger.enrolls else "yellow")
    for test in rehearsal.trigger.filters:
        say(f"  {'holds' if test.holds else 'fails'}: {test.text} (it is {test.actual!r})", "dim")
    for step in rehearsal.steps:
        say(f"{shown_moment(step.at)}  {step.path:<8} {step.title}", "red" if step.failed else "bold")
        for line in _lines(step):
            say(f"    {line}")
    reason = f", {rehearsal.end.reason}" if rehearsal.end.reason else ""
    say(f"{shown_moment(rehearsal.end.at)}  {rehearsal.end.status}{reason}", "bold")
    if rehearsal.unreached:
        say(f"Not reached: {'; '.join(step.title for step in rehearsal.unreached)}", "dim")
    if rehearsal.besides:
        say(f"Would begin besides: {', '.join(rehearsal.besides)}")
    for assumption in rehearsal.assumptions:
        say(f"Assumed: {assumption}", "dim")
    for test_message in rehearsal.tests or []:
        said = test_message.outcome + (f": {test_message.reason}" if test_message.reason else "")
        say(f"Test of step {test_message.step}: {said}")
    if rehearsal.tests is not None and not rehearsal.tests:
        say("No step writes a message, so none was sent.")


def _lines(step: RehearsedStep) -> Iterator[str]:
    """What the step would do, in words."""
    if step.failed is not None:
        yield f"fails: {step.failed}"
    if step.message is not None:
        yield from _message(step)
    if step.task is not None:
        due = f", due {shown_moment(step.task.due_at)}" if step.task.due_at else ""
        yield f'task "{step.task.title}" for {step.task.assign_to or "nobody"}{due}'
        yield from _block(step.task.description)
    if step.webhook is not None:
        yield from _webhook(step)
    for change in step.changes:
        yield f"{change.record} {change.field}: {_shown(change.before)} → {_shown(change.after)}"
    for move in step.scores:
        yield f"{move.profile}: {shown_score(move.before)} → {shown_score(move.after)}"
    if step.starts is not None:
        yield f"starts {step.starts.automation}" if step.starts.enrolls else f"skipped: {step.starts.reason}"
    if step.until not in (None, step.at):
        yield f"until {shown_moment(step.until)}"
    if step.way is not None:
        how = {"conditions": "", "choice": " (chosen)", "assumption": " (assumed)"}[step.way.by]
        other = step.way.otherwise
        instead = f", instead of {other}" if other not in (None, step.way.branch) else ""
        yield f"goes {step.way.branch}: {step.way.title}{how}{instead}"
    if step.assumed is not None:
        yield f"assumed: {step.assumed}"
    if step.stops is not None:
        yield "ends the follow-up"


def _message(step: RehearsedStep) -> Iterator[str]:
    message = step.message
    if message is None:
        return
    addresses = f" ({', '.join(message.to)})" if message.to else ""
    outcome = "" if message.outcome == "sent" else f", {message.outcome} only"
    yield f"to {message.recipient}{addresses}{outcome}"
    if message.reason:
        yield f"({message.reason})"
    yield f"subject: {message.subject}"
    yield from _block(message.message)


def _webhook(step: RehearsedStep) -> Iterator[str]:
    webhook = step.webhook
    if webhook is None:
        return
    yield f"{webhook.method} {webhook.url}"
    for name, value in webhook.headers.items():
        yield f"{name}: {value}"
    yield from _block(webhook.body)
    if webhook.reason:
        yield f"{webhook.outcome} only ({webhook.reason})"


def _block(text: str) -> Iterator[str]:
    return (f"| {line}" for line in text.splitlines())


def _shown(value: Any) -> str:
    return "empty" if value is None else json.dumps(value, ensure_ascii=False)
