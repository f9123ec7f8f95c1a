"""Definitions as code: check files, show what applying them changes, apply them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from automations.documents import Documents, Mistake, load_documents
from automations.known import Known
from automations.model import Automation
from automations.schema import documents_schema
from automations.steps.actions import NotifyStep
from automations.steps.places import walk
from commands.asking import ask
from commands.definition_files import read_files
from commands.design.impacts import impact_lines, past_dates, touched_file
from commands.mail_words import only_recorded
from commands.output import DIFF_COLOURS, ProgressBar, counted, errors, note, print_json, progress_bar, say
from commands.session import Session, session
from commands.waiting import until_over
from runtime.errors import ReadableError
from runtime.settings import Settings, load_settings
from services.design.authorship import Authorship
from services.design.document_kinds import MODELS
from services.design.plan import Applied, DocumentPlan, OnlyThere, Plans, check_documents
from services.foresight.answers import DocumentImpact, WouldStart

_SIGNS = {"create": "+", "change": "~", "publish": "^", "unchanged": "=", "conflict": "!"}


def check(folder: Path, *, as_json: bool) -> int:
    """Every mistake of the files by themselves; 1 if there are any."""
    documents = load(folder)
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


def plan(folder: Path, *, brief: bool, everybody: Path | None, as_json: bool) -> int:
    """What `apply` would do and, unless `brief`, whom that would touch; `everybody` in a file of their own."""
    if brief and everybody is not None:
        raise ReadableError("--brief looks at nobody, and --all at everybody; leave one out")
    documents = load(folder)
    impacts: dict[tuple[str, str], DocumentImpact | None] = {}
    with session() as opened:
        plans = _plans(opened)
        mistakes, warnings = plans.check(documents)
        planned = () if mistakes else plans.plan(documents)
        only_there = () if mistakes else plans.only_there(documents)
        notes = _notes(documents, only_recorded(opened.settings, opened.application.status.mail()))
        with touched_file(everybody if not mistakes else None) as told:
            for plan in planned if not brief else ():
                with progress_bar(f"Looking at {plan.key}", 1) as bar:
                    impact = opened.application.impact.of(plan, planned, bar, told)
                    impacts[plan.kind, plan.key] = impact
    if mistakes:
        return refuse(mistakes, as_json=as_json)
    if as_json:
        shown = [plan.as_json() | {"impact": impacts.get((plan.kind, plan.key))} for plan in planned]
        others = [asdict(one) for one in only_there]
        print_json({"items": shown, "only_there": others, "warnings": _data(warnings), "notes": notes})
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
    if only_there:
        say(f"In no file here: {_named(only_there)}.", "dim")
        say("  kindling pull writes them as files, kindling apply --prune archives or deletes them.", "dim")
    return 0


@dataclass(frozen=True)
class ApplyOptions:
    """What `kindling apply` is told."""

    force: bool = False
    silent: bool = True
    draft: bool = False
    prune: bool = False
    comment: str | None = None
    wait: bool = True
    yes: bool = False


def apply(folder: Path, options: ApplyOptions, *, as_json: bool) -> int:
    """Save and publish what has changed, all or nothing."""
    documents = load(folder)
    if options.draft and not options.silent:
        raise ReadableError("A draft fires nothing: --triggers fire goes with a publish")
    with session() as opened:
        plans = _plans(opened)
        mistakes, warnings = plans.check(documents, alone=options.prune)
        if mistakes:
            return refuse(mistakes, as_json=as_json)
        promised: list[WouldStart] = []
        if not options.silent:
            promised = _promised(opened, plans.plan(documents), options, as_json=as_json)
        if options.prune and (only_there := plans.only_there(documents)):
            ask(_removal(only_there), yes=options.yes, as_json=as_json)
        applied = plans.apply(
            documents,
            force=options.force,
            silent=options.silent,
            draft=options.draft,
            prune=options.prune,
            by=Authorship(comment=options.comment),
            who=opened.by,
        )
        if as_json:
            print_json(_applied_data(applied, warnings) | {"promised": promised})
        else:
            _print_warnings(warnings)
            _print_applied(applied)
            for key in [key for kind, key in applied.versions if kind == "score_profile" and promised]:
                note(f"kindling undo publish {key} takes back what that starts.")
        if options.wait:
            _await_scores(opened, [key for kind, key in applied.versions if kind == "score_profile"])
    return 0


def _promised(
    opened: Session, planned: Sequence[DocumentPlan], options: ApplyOptions, *, as_json: bool
) -> list[WouldStart]:
    """Tell what `fire` will start, and ask."""
    with progress_bar("Looking at whom it starts", 1) as bar:
        promised = opened.application.impact.promised(planned, bar)
    for one in promised if not as_json else ():
        note(f"{one.automation}: {counted(one.enrolled, 'follow-up')}{past_dates(one)}")
    if total := sum(one.enrolled for one in promised):
        ask(f"Start {counted(total, 'follow-up')}?", yes=options.yes, as_json=as_json)
    return promised


def apply_beside(opened: Session, folder: Path) -> Applied:
    """Apply files that have no mistakes, overwriting nothing, and wait until all is re-scored."""
    documents = load(folder)
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
    applied = plans.apply(documents, who=opened.by)
    _await_scores(opened, [key for kind, key in applied.versions if kind == "score_profile"])
    return applied


def load(folder: Path) -> Documents:
    """The documents of the files, or what is wrong in them."""
    return load_documents(read_files(folder), MODELS)


def _plans(opened: Session) -> Plans:
    return Plans(opened.application.resources, opened.link.start_publish)


def refuse(mistakes: Sequence[Mistake], *, as_json: bool) -> int:
    """Tell what is wrong in files of which nothing is taken."""
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
    return {
        "items": shown,
        "workflow_ids": list(applied.workflow_ids),
        "pruned": [asdict(one) for one in applied.pruned],
        "warnings": _data(warnings),
    }


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
        say(f"    {line}", DIFF_COLOURS.get(line[:1]))


def schema() -> int:
    """Print the JSON Schema of the documents."""
    print_json(documents_schema())
    return 0


def _print_applied(applied: Applied) -> None:
    for plan in applied.planned:
        version = applied.versions.get((plan.kind, plan.key))
        said = "unchanged" if plan.action == "unchanged" else "draft saved" if plan.publishes else "saved"
        if version is not None:
            said = f"published as version {version}"
        say(f"{_SIGNS[plan.action]} {plan.kind} {plan.key}: {said}")
    for one in applied.pruned:
        say(f"- {one.kind} {one.key}: {'archived' if one.archived else 'deleted'}")


def _removal(definitions: Sequence[OnlyThere]) -> str:
    """The question whether to prune these."""
    archived = [one for one in definitions if one.archived]
    deleted = [one for one in definitions if not one.archived]
    parts = [f"archive {_named(archived)}"] if archived else []
    parts += [f"delete {_named(deleted)}"] if deleted else []
    question = " and ".join(parts)
    return f"{question[0].upper()}{question[1:]}?"


def _named(definitions: Sequence[OnlyThere]) -> str:
    """The definitions in a sentence."""
    names = [f"{one.kind} {one.key}" for one in definitions]
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _await_scores(opened: Session, profiles: Sequence[str]) -> None:
    """Wait while workers re-score every record."""
    application = opened.application
    for key in profiles:
        with progress_bar(f"Re-scoring {key}", 1) as bar:

            def goes_on(key: str = key, bar: ProgressBar = bar) -> bool:
                state = application.profiles.get(key).publishing
                if state is not None:
                    bar(state.done, state.total)
                return state is not None

            idle = "No worker is running: scores follow as soon as one does (kindling up)."
            if not until_over(application, goes_on, idle):
                return
