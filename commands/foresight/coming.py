"""Whose scores time alone will move, and the scores of many records at another time."""

from collections.abc import Sequence
from dataclasses import replace

from commands.output import answer_data, note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from conditions.times import duration_words
from conditions.values import shown_score
from runtime.errors import ReadableError
from services.answers import Page
from services.foresight.answers import Move, ScoreAt
from services.foresight.moves import ComingMoves, MovesQuery
from services.foresight.scores_at import ScoresAtQuery
from services.resources import BadParameter


def forecast(query: MovesQuery, *, as_json: bool) -> int:
    """List who cools and who warms within a time; without a profile, under each that is published."""
    with session() as opened:
        moves = opened.application.coming_moves
        keys = [query.profile] if query.profile else moves.profiles()
        try:
            pages = {key: _together(moves, replace(query, profile=key)) for key in keys}
        except BadParameter as error:
            raise ReadableError(f"{_option(error)}: {error}") from None
    if as_json:
        print_json([{"profile": key, **answer_data(page)} for key, page in pages.items()])
        return 0
    for key, page in pages.items():
        _print_moves(key, page, query)
    if not pages:
        say("No profile is published.")
    return 0


def _together(moves: ComingMoves, query: MovesQuery) -> Page[Move]:
    """As many moves as are asked for, of however many pages."""
    items: list[Move] = []
    cursor = query.cursor
    while True:
        page = moves.find(replace(query, cursor=cursor, limit=query.limit - len(items)))
        items += page.items
        cursor = page.next
        if cursor is None or len(items) == query.limit:
            return Page[Move](items=items, next=cursor)


def _option(error: BadParameter) -> str:
    return error.name if error.name == "profile" else f"--{error.name.replace('_', '-')}"


_WORDS = {"up": "rises", "down": "falls", None: "moves"}


def _print_moves(profile: str, page: Page[Move], query: MovesQuery) -> None:
    moves = _WORDS[query.direction] + (" into another band" if query.bands else "")
    within = duration_words(query.within)
    if not page.items:
        say(f"{profile}: no score {moves} within {within} by time alone.")
        return
    say(f"{profile}: whose score {moves} within {within}, if nothing happens", "bold")
    print_table(
        ("record", "score", "then", "moves at", "leaves its band at"),
        [
            (
                move.contact or move.deal,
                _with_band(move.score, move.band),
                _with_band(move.score_then, move.band_then),
                shown_moment(move.at),
                shown_moment(move.band_until),
            )
            for move in page.items
        ],
        whole=("record",),
    )
    note_rest(page.next, len(page.items), "first")


def _with_band(score: int | None, band: str | None) -> str:
    return ", ".join(filter(None, (shown_score(score), band)))


def scores(
    profile: str, *, at: str, as_published: bool, smart_list: str | None, limit: int, as_json: bool
) -> int:
    """List the scores of many records at another time."""
    with session() as opened:
        try:
            time = opened.application.scores.named_time(at, as_published=as_published)
            page = opened.application.scores_at.find(
                ScoresAtQuery(profile, time, smart_list=smart_list, limit=limit)
            )
        except BadParameter as error:
            raise ReadableError(f"{_option(error)}: {error}") from None
    if as_json:
        print_json(page)
        return 0
    _print_scores(profile, page.items, "then" if as_published else "today")
    note_rest(page.next, limit, "first")
    return 0


def _print_scores(profile: str, items: Sequence[ScoreAt], made_with: str) -> None:
    if not items:
        say("There is nobody.")
        return
    say(f"{profile} as of {shown_moment(items[0].at)}, by the rules and fields of {made_with}", "bold")
    print_table(
        ("record", "score", "band"),
        [(item.contact or item.deal, shown_score(item.score), item.band) for item in items],
        right=("score",),
        whole=("record",),
    )
