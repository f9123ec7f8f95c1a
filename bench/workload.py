"""What the benchmark feeds in: a profile of ten rules, five automations, and events as a shop would send them."""

import json
import random
from collections.abc import Iterator
from typing import Any

from uuid_utils import uuid7

from conditions.times import Micros, micros_of
from store.intake.arriving import NewEvent

PROFILE: dict[str, Any] = {
    "kind": "score_profile",
    "key": "engagement",
    "max": 200,
    "bands": {"cold": None, "warm": 20, "hot": 50},
    "groups": {"mail": {"max": 30}},
    "rules": [
        {
            "key": "opened",
            "on": "email.opened",
            "points": 1,
            "group": "mail",
            "limit": {"times": 3, "per": "day"},
            "expires_after": "30d",
        },
        {"key": "clicked", "on": "email.clicked", "points": 3, "group": "mail", "expires_after": "60d"},
        {
            "key": "pricing",
            "on": "page.visited",
            "where": {"path": {"starts_with": "/pricing"}},
            "points": 2,
            "limit": {"times": 5, "per": "week"},
        },
        {"key": "form", "on": "form.submitted", "points": 8},
        {"key": "appointment", "on": "appointment.booked", "points": 10},
        {
            "key": "paid",
            "on": "payment.succeeded",
            "where": {"amount": {"greater_or_equal": 100}},
            "points": 20,
            "decay": {"percent": 10, "every": "7d"},
        },
        {
            "key": "paid-much",
            "on": "payment.succeeded",
            "where": {"amount": {"greater_or_equal": 900}, "contact.stage": {"not_equal": "employee"}},
            "points": 15,
        },
        {"key": "payment-failed", "on": "payment.failed", "points": -5, "expires_after": "14d"},
        {
            "key": "webinar",
            "on": "webinar.attended",
            "points": 6,
            "decay": {"percent": 50, "every": "30d"},
            "expires_after": "90d",
        },
        {"key": "unsubscribed", "on": "email.unsubscribed", "points": -20},
    ],
}

#: How often each type comes, of a hundred events.
_TYPES = {
    "email.opened": 30,
    "page.visited": 30,
    "email.clicked": 12,
    "payment.succeeded": 8,
    "form.submitted": 6,
    "webinar.attended": 5,
    "appointment.booked": 4,
    "payment.failed": 3,
    "email.unsubscribed": 2,
}
_HOUR = micros_of("1h")
_PATHS = ("/", "/blog/7", "/docs", "/pricing", "/pricing/teams")
#: The storm limit is a policy, not a speed: it must not slow a burst down.
_NO_STORM_LIMIT = {"times": 1_000_000, "per": "minute"}


def _automation(key: str, trigger: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": "automation",
        "key": key,
        "trigger": {"max_starts": _NO_STORM_LIMIT, **trigger},
        "steps": steps,
    }


THREE_STEPS: list[dict[str, Any]] = [
    {
        "notify": {
            "to": "sales",
            "subject": "Hot: {{ contact.label }}",
            "message": "{{ contact.label }} went from {{ score.previous }} to {{ score.current }}",
        }
    },
    {"create_task": {"title": "Call {{ contact.label }}", "assign_to": "owner", "due_in": "1d"}},
    {"add_tag": "hot"},
]

#: Two match now and then, one matches and is skipped when it does so again, two look and never match.
AUTOMATIONS = [
    _automation(
        "became-hot",
        {
            "profile": "engagement",
            "filters": {"band": {"equal": "hot"}},
            "fires": "on_entry",
            "reentry": {"after": "7d"},
        },
        THREE_STEPS,
    ),
    _automation(
        "big-payment",
        {
            "profile": "engagement",
            "filters": {"change": {"greater": 30}, "event.type": {"equal": "payment.succeeded"}},
        },
        THREE_STEPS,
    ),
    _automation(
        "payment-failed",
        {"event": "payment.failed", "where": {"amount": {"greater": 970}}},
        [{"create_task": {"title": "Ask {{ contact.label }} for another card"}}],
    ),
    _automation(
        "far-away",
        {"profile": "engagement", "filters": {"score": {"greater_or_equal": 1_000}}},
        THREE_STEPS,
    ),
    _automation(
        "partners",
        {
            "profile": "engagement",
            "filters": {"score": {"greater_or_equal": 20}, "contact.tags": {"has": "partner"}},
            "fires": "on_entry",
        },
        [{"add_tag": "warm-partner"}],
    ),
]

#: A follow-up that waits for what its contact does, then does one step.
WAITING = _automation(
    "waiting",
    {"event": "trial.started"},
    [{"wait_for": {"event": "trial.ended", "timeout": "90d"}}, THREE_STEPS[0]],
)

#: A smart list's two, each of three steps and a wait; those who wait for one moment; and one for single events.
CROWD = [
    *(
        _automation(key, {"event": f"{key}.never"}, [*THREE_STEPS, {"wait": "3d"}])
        for key in ("crowd", "crowd-again")
    ),
    _automation(
        "gathering", {"event": "gathering"}, [{"wait": {"until": "event.date"}}, {"add_tag": "gathered"}]
    ),
    _automation("single", {"event": "single"}, THREE_STEPS),
]

#: For follow-ups alone: whatever moves a score starts one of three steps.
EACH_CHANGE = [_automation("each-change", {"profile": "engagement"}, THREE_STEPS)]

#: A template that takes all the work that one may, and then fails.
HARD_TEMPLATE = {
    "kind": "automation",
    "key": "hard-template",
    "trigger": {"event": "heavy"},
    "steps": [
        {
            "create_task": {
                "title": "{% for a in contact.tags %}{% for b in contact.tags %}"
                "{% if contact.note.split('n') | sort | join('x') | length %}{% endif %}{% endfor %}{% endfor %}"
            }
        }
    ],
}

#: So many steps of `make_long` are done one after another in each of its blocks.
LONG_BLOCK = 5


def make_long(blocks: int, timers: int) -> dict[str, Any]:
    """An automation that whatever moves a score starts: blocks of steps on our own database, a branch and a wait.

    The last wait of the first `timers` blocks takes a second; the others are for a date that is over.
    """
    steps: list[dict[str, Any]] = []
    for number in range(blocks):
        task = {"create_task": {"title": "Call {{ contact.label }}", "assign_to": "owner", "due_in": "1d"}}
        steps += [
            {"notify": {"to": "sales", "subject": f"Part {number}", "message": "{{ contact.label }}"}},
            {"add_tag": f"part-{number}"},
            {"if": {"score": {"greater_or_equal": 1}}, "then": [task], "else": [{"stop": "no score"}]},
            {"wait": "1s" if number < timers else {"until": "contact.created_at"}},
        ]
    return _automation("long", {"profile": "engagement"}, steps)


def make_bystanders(count: int) -> Iterator[dict[str, Any]]:
    """`count` automations that each bound the score and never match: no score gets near their bounds.

    From below, from above, and from both sides, as a band in the middle does; above every score and below it.
    """
    for number in range(count):
        high, low = 1_000 + number, -1_000 - number
        bounds = (
            {"greater_or_equal": high},
            {"less": low},
            {"greater_or_equal": high, "less": high + 30},
            {"greater_or_equal": low - 30, "less": low},
        )
        filters = {"score": bounds[number % len(bounds)]}
        yield _automation(
            f"bystander-{number:05d}", {"profile": "engagement", "filters": filters}, THREE_STEPS
        )


def make_events(count: int, contacts: int, now: Micros, seed: int) -> Iterator[NewEvent]:
    """`count` events of `contacts` contacts, of the last hour in order; one in ten is late, by up to ten days."""
    chance = random.Random(seed)
    types = chance.choices(list(_TYPES), weights=list(_TYPES.values()), k=count)
    for index, kind in enumerate(types):
        late = chance.randrange(240 * _HOUR) if chance.random() < 0.1 else 0
        at = now - _HOUR + _HOUR * index // count - late
        properties: dict[str, Any] = {"campaign": f"c{chance.randrange(50)}"}
        if kind == "page.visited":
            properties["path"] = chance.choice(_PATHS)
        elif kind.startswith("payment."):
            properties |= {"amount": chance.randrange(1, 1_000), "currency": "EUR"}
        yield NewEvent(
            str(uuid7()), kind, f"contact-{chance.randrange(contacts):06d}", at, json.dumps(properties)
        )


def first_events(contacts: int, now: Micros) -> Iterator[NewEvent]:
    """One event for each contact, so that measured rounds find them known and scored."""
    for number in range(contacts):
        yield NewEvent(str(uuid7()), "form.submitted", f"contact-{number:06d}", now - 2 * _HOUR, "{}")
