"""Documents that use everything a definition can say."""

from typing import Any

EVERYTHING: dict[str, Any] = {
    "kind": "automation",
    "key": "everything",
    "trigger": {
        "name": "Score became hot",
        "profile": "engagement",
        "filters": {"score": {"greater_or_equal": 50}, "any": [{"contact.tags": {"has": "vip"}}]},
        "fires": "on_entry",
        "rearm": {"less": 40},
        "reentry": {"after": "7d"},
        "while_running": "replace",
        "max_starts": {"times": 10, "per": "hour"},
    },
    "steps": [
        {"notify": {"to": ["owner", "sales"], "subject": "Hot", "message": "{{ contact.label }}"}},
        {"create_task": {"title": "Call", "assign_to": "owner", "due_in": "1d"}, "key": "call"},
        {"update": {"stage": None, "owner": ["anna", "ben"], "dnd": ["email"], "fields": {"x": [1, None]}}},
        {
            "if": {"score": {"less": 20}},
            "then": [{"add_tag": "cold"}, {"remove_tag": "hot"}],
            "elif": [{"if": {"score": {"less": 30}}, "then": [{"wait": "1w"}, {"stop": "lost interest"}]}],
            "else": [{"start": "other"}],
        },
        {"adjust_score": {"profile": "engagement", "points": -5, "reason": "spent"}},
        {"split": [{"percent": 60, "steps": []}, {"percent": 40, "name": "B", "steps": [{"add_tag": "b"}]}]},
        {
            "wait_for": {
                "event": "meeting.booked",
                "where": {"kind": {"equal": "demo"}},
                "timeout": "3d",
                "on_timeout": [{"notify": {"to": "jane@example.com", "message": "no meeting"}}],
            },
            "on_failure": "continue",
        },
        {"wait": {"until": "09:00", "weekdays": ["mon", "fri"], "timezone": "Europe/Berlin"}},
        {"wait": {"until": "contact.renewal_date", "offset": "-30d", "if_past": "skip"}},
        {
            "webhook": {
                "url": "https://crm.example/secret/hooks?token=secret",
                "method": "PUT",
                "headers": {"X-Key": "secret"},
                "body": {"email": "{{ contact.email }}", "n": 1},
            },
            "name": "Tell {{ contact.name }} at sales@example.com",
        },
    ],
    "exit_when": {"event": "unsubscribed", "where": {}},
}
