"""All use cases of one process, composed."""

from services.activity import Activity
from services.automations import Automations
from services.contact_lists import ContactLists
from services.contacts import Contacts
from services.events import Events
from services.follow_ups import FollowUps
from services.profile_cache import ProfileCache
from services.profiles import Profiles, StartPublish
from services.resources import Resources
from services.scores import Scores
from services.status import Status


class Application:
    """`start_publish` starts a publish workflow soon; workers start those that it does not reach."""

    def __init__(self, resources: Resources, start_publish: StartPublish) -> None:
        cache = ProfileCache()
        self.resources = resources
        self.events = Events(resources)
        self.contacts = Contacts(resources)
        self.contact_lists = ContactLists(resources, cache)
        self.scores = Scores(resources, cache)
        self.activity = Activity(resources)
        self.profiles = Profiles(resources, start_publish)
        self.automations = Automations(resources)
        self.follow_ups = FollowUps(resources)
        self.status = Status(resources)
