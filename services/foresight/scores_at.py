"""The scores of many records at another time, past or to come."""

from collections.abc import Iterator

from conditions.problems import suggestion
from conditions.times import Micros, to_iso
from scoring.compiled import CompiledProfile
from services import cursors
from services.answers import Page
from services.design.profile_cache import ProfileCache
from services.foresight.answers import ScoreAt
from services.records.kinds import Kind
from services.records.list_filters import FILTERS
from services.records.lists import RecordLists, RecordQuery
from services.records.scores import Scores
from services.records.smart_lists import SmartLists
from services.resources import BadParameter, NotFound, Resources


class ScoresAt:
    """Computes the scores of a list's records for a moment, as that of one record is computed."""

    def __init__(
        self, resources: Resources, profiles: ProfileCache, lists: RecordLists, smart_lists: SmartLists, scores: Scores
    ) -> None:
        self._database = resources.database
        self._profiles = profiles
        self._lists = lists
        self._smart_lists = smart_lists
        self._scores = scores
