"""Definitions as code: check files, show what applying them changes, apply them."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automations.documents import Documents, Mistake, load_documents
from automations.known import Known
from automations.model import Automation
from automations.schema import documents_schema
from automations.steps.actions import NotifyStep
from automations.steps.places import walk
from commands.definition_files import read_files
from commands.mail_words import only_recorded
from commands.output import counted, errors, note, print_json, progress_bar, say
from commands.session import Session, session
from runtime.errors import ReadableError
from runtime.settings import Settings, load_settings
from services.design.document_kinds import MODELS
from services.design.plan import Applied, DocumentPlan, Plans, check_documents
from services.foresight.answers import AutomationImpact, DocumentImpact, ProfileImpact

PAUSE = 0.05
_SIGNS = {"create": "+", "change": "~", "publish": "^", "unchanged": "=", "conflict": "!"}
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def check(folder: Path, *, as_json: bool) -> int:
    """Every mistake of the files by themselves; 1 if there are any."""
    documents = _load(folder)
    settings = _settings()
    allow = settings.webhook_allowed if settings is not None else ()
    mistakes, warnings = check_documents(documents, Known(profiles={}, asked=False, webhook_allow=allow))
    notes = _notes(documents, only_recorded(settings) if settings is not None else None)
    if as_json:
        print_json({"mistakes": _data(mistakes), "warnings": _data(warnings), "notes": notes})
        return 1 if mistakes else 0
    for mistake in mistakes:
        say(str(mistake), "red")
    _print_warnings(warnings)
    _print_notes(notes)
    if mistakes:
        note(counted(len(mistakes), "mistake"))
        return 1
    say(f"{counted(len(documents.documents), 'definition')} checked, no mistakes.", "green")
    return 0


def plan(folder: Path, *, brief: bool, as_json: bool) -> int:
    """What `apply` would do and, unless `brief`, whom that would touch."""
    documents = _load(folder)
    impacts: dict[tuple[str, str], DocumentImpact | None] = {}
    with session() as opened:
        plans = _plans(opened)
        mistakes, warnings = plans.check(documents)
        planned = () if mistakes else plans.plan(documents)
        notes = _notes(documents, only_recorded(opened.settings, opened.application.status.mail()))
        for plan in planned if not brief else ():
            with progress_bar(f"Looking at {plan.key}", 1) as bar:
                impacts[plan.kind, plan.key] = opened.application.impact.of(plan, bar)
    if mistakes:
        return _refuse(mistakes, as_json=as_json)
    if as_json:
        shown = [plan.as_json() | {"impact": impacts.get((plan.kind, plan.key))} for plan in planned]
        print_json({"items": shown, "warnings": _data(warnings), "notes": notes})
        return 0
    _print_warnings(warnings)
    _print_notes(notes)
    for plan in planned:
        _print_plan(plan)
        for line in impact_lines(impacts.get((plan.kind, plan.key))):
            say(f"    {line}", "dim")
    changes = sum(plan.action != "unchanged" for plan in planned)
    say(
        f"{counted(changes, 'change')}, {len(planned) - changes} unchanged."
        if changes
        else "Nothing to change."
    )
    return 0


def apply(folder: Path, *, force: bool, silent: bool, wait: bool, as_json: bool) -> int:
    """Save and publish what has changed, all or nothing."""
    documents = _load(folder)
    with session() as opened:
        plans = _plans(opened)
        mistakes, warnings = plans.check(documents)
        if mistakes:
            return _refuse(mistakes, as_json=as_json)
        applied = plans.apply(documents, force=force, silent=silent)
        if as_json:
            print_json(_applied_data(applied, warnings))
        else:
            _print_warnings(warnings)
            _print_applied(applied)
        if wait:
            _await_scores(opened, [key for kind, key in applied.versions if kind == "score_profile"])
    return 0


def apply_beside(opened: Session, folder: Path) -> Applied:
    """Apply files that have no mistakes, overwriting nothing, and wait until all is re-scored."""
    documents = _load(folder)
    plans = _plans(opened)
    mistakes, _ = plans.check(documents)
    if mistakes:
        raise ReadableError("\n".join(map(str, mistakes)))
    others = [f'{i.kind} "{i.key}"' for i in plans.plan(documents) if i.action in ("change", "conflict")]
    if others:
        raise ReadableError(
            f"The database has its own {', '.join(others)}, other than in {folder}. Nothing was overwritten;"
            " set DATABASE_URL to another database"
        )
    applied = plans.apply(documents)
    _await_scores(opened, [key for kind, key in applied.versions if kind == "score_profile"])
    return applied


def _load(folder: Path) -> Documents:
    return load_documents(read_files(folder), MODELS)


def _plans(opened: Session) -> Plans:
    return Plans(opened.application.resources, opened.link.start_publish)


def _refuse(mistakes: Sequence[Mistake], *, as_json: bool) -> int:
    if as_json:
        print_json({"mistakes": _data(mistakes)})
    for mistake in mistakes:
        errors().print(str(mistake), style="red", markup=False)
    note(f"{counted(len(mistakes), 'mistake')}; nothing was changed.")
    return 1


def _data(mistakes: Sequence[Mistake]) -> list[dict[str, Any]]:
    return [
        {
            "file": mistake.file,
            "line": mistake.line,
            "column": mistake.column,
            "message": mistake.message,
        }
        for mistake in mistakes
    ]


def _applied_data(applied: Applied, warnings: Sequence[Mistake]) -> dict[str, Any]:
    shown = [
        plan.as_json() | {"version": applied.versions.get((plan.kind, plan.key))} for plan in applied.planned
    ]
    return {"items": shown, "workflow_ids": list(applied.workflow_ids), "warnings": _data(warnings)}


def _print_warnings(warnings: Sequence[Mistake]) -> None:
    for warning in warnings:
        errors().print(f"Warning: {warning}", style="yellow", markup=False)


def _settings() -> Settings | None:
    """Those of this command; None where they cannot be read: files are checked all the same."""
    try:
        return load_settings()
    except ReadableError:
        return None


def _notes(documents: Documents, recorded: str | None) -> list[str]:
    """What is not wrong with the files, but with the place where they are to be used."""
    notifies = any(
        isinstance(placed.step, NotifyStep)
        for document in documents.documents
        if isinstance(document.model, Automation)
        for placed in walk(document.model)
    )
    return [f"the messages of `notify` are {recorded}"] if notifies and recorded else []


def _print_notes(notes: Sequence[str]) -> None:
    for text in notes:
        errors().print(f"Note: {text}", style="yellow", markup=False)


def _print_plan(plan: DocumentPlan) -> None:
    said = {"conflict": "edited elsewhere since the last apply", "publish": "to be published"}
    say(f"{_SIGNS[plan.action]} {plan.kind} {plan.key}: {said.get(plan.action, plan.action)}", "bold")
    for line in plan.diff.splitlines()[2:]:
        say(f"    {line}", _COLOURS.get(line[:1]))


def impact_lines(impact: DocumentImpact | None) -> list[str]:
    """The blast radius in words."""
    if impact is None:
        return []
    return _of_profile(impact) if isinstance(impact, ProfileImpact) else _of_automation(impact)


def _of_profile(impact: ProfileImpact) -> list[str]:
    if impact.new:
        return [f"new: {counted(impact.records, 'record')} will be scored"]
    lines = [f"{impact.changed or 0:,} of {counted(impact.records, 'score')} change"]
    moves = [f"{move.count:,} {move.from_ or 'none'} → {move.to or 'none'}" for move in impact.band_moves[:5]]
    if moves:
        lines.append(f"bands: {', '.join(moves)}")
    fired = [
        f"{one.enrolled:,} in {one.automation}"
        + (f" (the date that is waited for is over for {one.past:,})" if one.past else "")
        for one in impact.fire
        if one.enrolled
    ]
    lines.append(f"with --triggers fire it would enroll {', '.join(fired) or 'nobody'}; otherwise nobody")
    return lines


def _of_automation(impact: AutomationImpact) -> list[str]:
    lines = []
    if impact.running:
        lines.append(f"{counted(impact.running, 'follow-up')} run on with the version they began with")
    if impact.published is None:
        return [*lines, f"whom it would enroll is not known: {impact.unknown}"]
    lines.append(
        f"over the last {impact.days} days it would have enrolled {counted(impact.records, 'record')}, "
        f"{counted(impact.enrollments, 'time')} in all; enrolled were {impact.published.enrollments:,}"
    )
    if impact.matching_now:
        lines.append(
            f"{counted(impact.matching_now, 'record')} match now; publishing enrolls none of them, "
            "kindling enroll --matching does"
        )
    return [*lines, *(f"warning: {warning}" for warning in impact.warnings)]


def schema() -> int:
    """Print the JSON Schema of the documents."""
    print_json(documents_schema())
    return 0


def _print_applied(applied: Applied) -> None:
    for plan in applied.planned:
        version = applied.versions.get((plan.kind, plan.key))
        said = "unchanged" if plan.action == "unchanged" else "saved"
        if version is not None:
            said = f"published as version {version}"
        say(f"{_SIGNS[plan.action]} {plan.kind} {plan.key}: {said}")


def _await_scores(opened: Session, profiles: Sequence[str]) -> None:
    """Wait while workers re-score every record."""
    application = opened.application
    for key in profiles:
        with progress_bar(f"Re-scoring {key}", 1) as bar:
            while state := application.profiles.get(key).publishing:
                bar(state.done, state.total)
                if not application.status.read(temporal_up=True).workers:
                    note("No worker is running: scores follow as soon as one does (kindling up).")
                    return
                time.sleep(PAUSE)
