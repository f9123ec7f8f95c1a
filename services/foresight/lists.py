"""Smart lists as parameters of questions about scores."""

from services.records.kinds import Kind
from services.records.smart_lists import SmartLists
from services.resources import BadParameter, NotFound


def list_of_kind(lists: SmartLists, key: str, kind: Kind) -> None:
    """Raise BadParameter where there is no such list, or it has records of the other kind."""
    try:
        of_list = lists.kind(key)
    except NotFound as error:
        raise BadParameter("smart_list", str(error)) from None
    if of_list != kind:
        raise BadParameter(
            "smart_list", f'the smart list "{key}" has {of_list}s, and the profile scores {kind}s'
        )
