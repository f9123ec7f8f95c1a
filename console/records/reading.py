"""What pages of records read in the same way."""

from console.pages import Desk
from services.design.answers import Profile
from services.records.answers import Contact, Deal
from services.records.kinds import Kind
from services.resources import Invalid

#: How many profiles, lists and automations there are to choose from.
CHOICES = 200


def published(desk: Desk, kind: Kind) -> list[Profile]:
    """The published profiles that score records of this kind, those that score most of them first."""
    profiles = desk.application.profiles.find(cursor=None, limit=CHOICES).items
    fitting = [one for one in profiles if one.version is not None and applies_to(one) == kind]
    return sorted(fitting, key=lambda one: -desk.application.record_lists.scored(kind, one.key))


def applies_to(profile: Profile) -> str:
    """What a profile scores."""
    return str((profile.model_extra or {}).get("applies_to", "contact"))


def bands_of(profile: Profile | None) -> list[str]:
    """The bands of a profile, the lowest first."""
    bands = (profile.model_extra or {}).get("bands") if profile is not None else None
    return list(bands or {})


def read(desk: Desk, kind: Kind, key: str) -> Contact | Deal:
    """The record; raises NotFound."""
    return desk.application.contacts.get(key) if kind == "contact" else desk.application.deals.get(key)


def told(error: Invalid, names: dict[str, str] | None = None) -> dict[str, str]:
    """The mistakes by field; those of no field under an empty name."""
    found: dict[str, str] = {}
    for problem in error.problems:
        name = ".".join(str(part) for part in problem.loc)
        found.setdefault((names or {}).get(name, name), problem.message)
    return found
