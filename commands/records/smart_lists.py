"""`kindling lists`: smart lists with how many they have, and who is on one."""

from commands.output import counted, note, note_rest, print_json, print_table, say
from commands.session import session
from conditions.values import shown_score
from services.records.answers import ListedContact, ListedDeal, SmartList


def lists(*, limit: int, as_json: bool) -> int:
    """All smart lists, each with its name and how many records it has now."""
    with session() as opened:
        page = opened.application.smart_lists.find(cursor=None, limit=limit, counted=True)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("There are no smart lists.")
        note("Write one as a document of kind: smart_list, and kindling apply it.")
        return 0
    print_table(
        ("list", "has", "name"), [(one.key, _has(one), one.name) for one in page.items], whole=("list",)
    )
    note_rest(page.next, limit, "first")
    return 0


def members(key: str, *, limit: int, as_json: bool) -> int:
    """Who is on a smart list now, in its order."""
    with session() as opened:
        smart_lists = opened.application.smart_lists
        smart_list = smart_lists.get(key)
        page = smart_lists.records(smart_list.applies_to, key, cursor=None, limit=limit)
    if as_json:
        print_json({**smart_list.model_dump(mode="json", exclude_unset=True), "items": page.items})
        return 0
    say(f"{smart_list.name or smart_list.key}: {_has(smart_list)}", "bold")
    for record in page.items:
        say(_line(record, scored=smart_list.profile is not None))
    note_rest(page.next, limit, "first")
    return 0


def _has(smart_list: SmartList) -> str:
    """How many records; what it asks for may be gone, too."""
    if smart_list.count is None:
        return "what it asks for is not there any more"
    return counted(smart_list.count, smart_list.applies_to)


def _line(record: ListedContact | ListedDeal, *, scored: bool) -> str:
    told = [record.name] if record.name and record.name != record.key else []
    if scored:
        told += [shown_score(record.score), *([record.band] if record.band else [])]
    return f"  {record.key}  {', '.join(told)}".rstrip()
