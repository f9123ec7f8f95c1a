"""What a call depends on (RFC 9110, 13): whoever changes what somebody else has changed meanwhile is told so."""

from dataclasses import dataclass

from services.entity_tags import TaggedAnswer


@dataclass(frozen=True)
class Tags:
    """The tags that a header names, in their quotes; `any`: it says `*`."""

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    any: bool = False


class PreconditionFailed(Exception):
    """The thing is not as the caller had it; nothing was changed. `changed`: parts that differ, as far as is known."""

    def __init__(self, message: str, present: TaggedAnswer | None, changed: list[str]) -> None:
        self.tag = None if present is None else present.tag()
        self.changed = changed
        super().__init__(message)


@dataclass(frozen=True)
class Precondition:
    """`match`: what has to be there (If-Match). `none_match`: what must not (If-None-Match)."""

    match: Tags | None = None
    none_match: Tags | None = None

    def __bool__(self) -> bool:
        return self.match is not None or self.none_match is not None

    def check(self, what: str, present: TaggedAnswer | None) -> None:
        """Raise PreconditionFailed unless the call may go on. `present`: what is there now, None for nothing."""
        if self.match is not None:
            _check_match(self.match, what, present)
        if self.none_match is not None and present is not None and self.hits(present):
            told = "is there already" if self.none_match.any else "is just what If-None-Match rules out"
            raise PreconditionFailed(f"{what} {told}; nothing was changed", present, [])

    def hits(self, present: TaggedAnswer) -> bool:
        """Whether If-None-Match names what is there now; a weak tag does, too."""
        named = self.none_match
        return named is not None and (named.any or present.tag() in {*named.strong, *named.weak})


ALWAYS = Precondition()


def _check_match(wanted: Tags, what: str, present: TaggedAnswer | None) -> None:
    if present is None:
        raise PreconditionFailed(f"{what} is not there, so that If-Match cannot hold", None, [])
    if wanted.any or any(present.is_state_of(tag) for tag in wanted.strong):
        return
    told = "has changed since"
    changed: list[str] = []
    if named := [fields for tag in wanted.strong if (fields := present.changed_since(tag))]:
        changed = min(named, key=len)
        told += f": {', '.join(changed)}"
    elif wanted.weak:
        told = "cannot be compared with a weak tag (W/...), as a proxy may have made of it"
    raise PreconditionFailed(
        f"{what} {told}; read it again, and send the change with the ETag that it has then", present, changed
    )
