"""All use cases of one process, composed."""

from services.access.access import Access
from services.design.automations import Automations
from services.design.profile_cache import ProfileCache
from services.design.profiles import Profiles, StartPublish
from services.exports.exports import Exports
from services.follow_ups.bulk import Bulk
from services.follow_ups.enrollment import EnrollByHand
from services.follow_ups.listing import FollowUps
from services.follow_ups.repairs import Repairs
from services.follow_ups.statistics import Statistics
from services.follow_ups.tasks import Tasks
from services.follow_ups.undoing import Undoing
from services.foresight.backtest import Backtest
from services.foresight.consequences import ConsequencesOf
from services.foresight.curves import Curves
from services.foresight.impact import Impact
from services.foresight.moves import ComingMoves
from services.foresight.nearness import NearnessOfAll
from services.foresight.points import Points
from services.foresight.preview_jobs import PreviewJobs
from services.foresight.rehearsal.rehearse import Rehearsals
from services.foresight.scores_at import ScoresAt
from services.foresight.why import Why
from services.intake.events import Events
from services.intake.history import EventHistory
from services.intake.revocations import Revocations
from services.operations.attention import Attention
from services.operations.finding import Finding
from services.operations.quarantine import Quarantine
from services.operations.recipient_tests import RecipientTests
from services.operations.status import StatusReport
from services.operations.timeline import Timeline
from services.records.adjustments import Adjustments
from services.records.bulk.contacts_in_bulk import ContactsInBulk
from services.records.bulk.deals_in_bulk import DealsInBulk
from services.records.changes import ScoreChanges
from services.records.contacts import Contacts
from services.records.deals import Deals
from services.records.duplicates import Duplicates
from services.records.lists import RecordLists
from services.records.scores import Scores
from services.records.smart_lists import SmartLists
from services.records.suppressions import Suppressions
from services.resources import Resources


class Application:
    """`start_publish` starts a publish workflow soon; workers start those that it does not reach."""

    def __init__(self, resources: Resources, start_publish: StartPublish) -> None:
        cache = ProfileCache()
        self.resources = resources
        self.access = Access(resources)
        self.events = Events(resources)
        self.contacts = Contacts(resources)
        self.contacts_in_bulk = ContactsInBulk(resources)
        self.deals = Deals(resources)
        self.deals_in_bulk = DealsInBulk(resources)
        self.duplicates = Duplicates(resources)
        self.suppressions = Suppressions(resources)
        self.record_lists = RecordLists(resources, cache)
        self.smart_lists = SmartLists(resources, self.record_lists)
        self.scores = Scores(resources, cache)
        self.adjustments = Adjustments(resources)
        self.revocations = Revocations(resources)
        self.event_history = EventHistory(resources)
        self.quarantine = Quarantine(resources)
        self.timeline = Timeline(resources)
        self.profiles = Profiles(resources, start_publish)
        self.previews = PreviewJobs(resources)
        self.automations = Automations(resources)
        self.follow_ups = FollowUps(resources)
        self.tasks = Tasks(resources)
        self.repairs = Repairs(resources)
        self.undoing = Undoing(resources)
        self.enroll_by_hand = EnrollByHand(resources, self.smart_lists)
        self.bulk = Bulk(resources, self.record_lists, self.smart_lists)
        self.score_changes = ScoreChanges(resources, cache)
        self.exports = Exports(
            self.record_lists,
            self.smart_lists,
            self.follow_ups,
            self.tasks,
            self.score_changes,
            self.event_history,
        )
        self.statistics = Statistics(resources)
        self.backtest = Backtest(resources, cache)
        self.impact = Impact(resources, self.backtest, self.enroll_by_hand)
        self.coming_moves = ComingMoves(resources, cache, self.smart_lists)
        self.scores_at = ScoresAt(resources, cache, self.record_lists, self.smart_lists)
        self.curves = Curves(resources, cache, self.coming_moves, self.record_lists, self.smart_lists)
        self.why = Why(resources, cache)
        self.nearness = NearnessOfAll(resources, cache)
        self.consequences = ConsequencesOf(resources)
        self.points = Points(resources)
        self.rehearsals = Rehearsals(resources)
        self.recipient_tests = RecipientTests(resources)
        self.status = StatusReport(resources, self.duplicates)
        self.attention = Attention(resources, self.coming_moves)
        self.finding = Finding(
            resources,
            tasks=self.tasks,
            bulk=self.bulk,
            follow_ups=self.follow_ups,
            events=self.event_history,
            automations=self.automations,
            profiles=self.profiles,
            status=self.status,
        )
