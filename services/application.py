"""All use cases of one process, composed."""

from services.activity import Activity
from services.adjustments import Adjustments
from services.automations import Automations
from services.backtest import Backtest
from services.contacts import Contacts
from services.deals import Deals
from services.enrollment import EnrollByHand
from services.events import Events
from services.follow_ups import FollowUps
from services.impact import Impact
from services.preview_jobs import PreviewJobs
from services.profile_cache import ProfileCache
from services.profiles import Profiles, StartPublish
from services.record_lists import RecordLists
from services.repairs import Repairs
from services.resources import Resources
from services.revocations import Revocations
from services.scores import Scores
from services.smart_lists import SmartLists
from services.statistics import Statistics
from services.status import Status
from services.why import Why


class Application:
    """`start_publish` starts a publish workflow soon; workers start those that it does not reach."""

    def __init__(self, resources: Resources, start_publish: StartPublish) -> None:
        cache = ProfileCache()
        self.resources = resources
        self.events = Events(resources)
        self.contacts = Contacts(resources)
        self.deals = Deals(resources)
        self.record_lists = RecordLists(resources, cache)
        self.smart_lists = SmartLists(resources, self.record_lists)
        self.scores = Scores(resources, cache)
        self.adjustments = Adjustments(resources)
        self.revocations = Revocations(resources)
        self.activity = Activity(resources)
        self.profiles = Profiles(resources, start_publish)
        self.previews = PreviewJobs(resources)
        self.automations = Automations(resources)
        self.follow_ups = FollowUps(resources)
        self.repairs = Repairs(resources)
        self.enroll_by_hand = EnrollByHand(resources, self.smart_lists)
        self.statistics = Statistics(resources)
        self.backtest = Backtest(resources, cache)
        self.impact = Impact(resources, self.backtest, self.enroll_by_hand)
        self.why = Why(resources, cache)
        self.status = Status(resources)
