"""Versions of profiles and automations: listed with who made them, and gone back to."""

from commands.output import DIFF_COLOURS, note, print_json, print_table, say, shown_moment
from commands.session import Session, session
from conditions.problems import suggestion
from runtime.errors import ReadableError
from services.design.automations import Automations
from services.design.profiles import Profiles
from services.resources import NotFound


def versions(key: str, *, kind: str | None, as_json: bool) -> int:
    """List the versions, the newest first."""
    with session() as opened:
        page = _family(opened, key, kind).versions(key)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say(f"{key} has not been published.")
        return 0
    print_table(
        ("version", "published", "by", "comment"),
        [
            (
                f"{one.version}{' *' if one.current else ''}",
                shown_moment(one.published_at),
                one.author,
                one.comment,
            )
            for one in page.items
        ],
    )
    if any(one.current for one in page.items):
        note("* is the one in force; kindling rollback goes back to an earlier one.")
    return 0


def rollback(key: str, version: int | None, *, kind: str | None, comment: str | None, as_json: bool) -> int:
    """Publish an earlier version anew; by default the one before that in force."""
    with session() as opened:
        family = _family(opened, key, kind)
        before = family.versions(key).items
        in_force = next((one.version for one in before if one.current), None)
        wanted = version or _before(key, in_force)
        said = comment or f"Back to version {wanted}"
        family.rollback(key, {"version": wanted, "comment": said}, who=opened.by)
        made = family.versions(key).items[0]
        difference = family.compare(key, in_force or before[0].version, made.version)
    if as_json:
        print_json({**made.model_dump(mode="json"), "difference": difference})
        return 0
    if made.version == before[0].version:
        say(f"{key}: version {made.version} is what is published already.")
        return 0
    say(f"{key}: version {wanted} is published again, as version {made.version}.", "bold")
    for line in difference.diff.splitlines()[2:]:
        say(f"    {line}", DIFF_COLOURS.get(line[:1]))
    return 0


def _before(key: str, in_force: int | None) -> int:
    """The version before the one in force."""
    if in_force is None or in_force == 1:
        raise ReadableError(f"{key} has no version before that in force; kindling versions {key} lists them")
    return in_force - 1


def _family(opened: Session, key: str, kind: str | None) -> Profiles | Automations:
    """The family of definitions that has this key; raises NotFound, or ReadableError where both have it."""
    families: dict[str, Profiles | Automations] = {
        "profile": opened.application.profiles,
        "automation": opened.application.automations,
    }
    keys = {name: family.keys() for name, family in families.items() if kind in (None, name)}
    there = [name for name, known in keys.items() if key in known]
    if not there:
        known = sorted({key for of_kind in keys.values() for key in of_kind})
        raise NotFound(f'there is no {kind or "profile or automation"} "{key}"{suggestion(key, known)}')
    if len(there) > 1:
        raise ReadableError(f'"{key}" is a profile and an automation; say which with --kind')
    return families[there[0]]
