"""What keys mean that say nothing about themselves in the models."""

from collections.abc import Mapping

WORDS: Mapping[tuple[str, str], str] = (
    {
        ("ScoreProfile", "kind"): "Says what the document is",
        ("ScoreProfile", "key"): "Your own stable name for the profile",
        ("ScoreProfile", "name"): "For people; applies at once, without a publish",
        ("ScoreProfile", "description"): "For people; applies at once, without a publish",
        ("ScoreProfile", "applies_to"): "The kind of record that is scored",
        ("ScoreProfile", "min"): "The score is never below",
        ("ScoreProfile", "max"): "The score is never above",
        ("ScoreProfile", "groups"): "Bounds for the sum of several rules, by group key",
        (
            "ScoreProfile",
            "rules",
        ): "What adds or subtracts points; a profile without rules cannot be published",
        ("Group", "min"): "The group's sum is never below",
        ("Group", "max"): "The group's sum is never above",
        ("Rule", "key"): "Unique in the profile; the line of the breakdown",
        ("Rule", "name"): "For people",
        ("Rule", "points"): "Added to the score; negative to subtract",
        ("Rule", "group"): "The group that bounds the sum of its rules",
        ("Limit", "times"): "How many events count in a window: the earliest",
        (
            "Limit",
            "per",
        ): "The window: a calendar day, week from Monday, or month of the profile's `timezone`; or all time",
        ("Decay", "percent"): "How much of its worth an entry loses each time",
        ("Decay", "every"): "How often",
        ("Automation", "kind"): "Says what the document is",
        ("Automation", "key"): "Your own stable name for the automation",
        ("Automation", "name"): "For people",
        ("Automation", "description"): "For people",
        ("Automation", "trigger"): "When a contact or deal is enrolled",
        ("Automation", "steps"): "What happens then, in order; at most 500",
        ("Automation", "exit_when"): "Ends a follow-up early: conditions, or an `event` with `where`",
        ("ExitEvent", "event"): "The event type that ends it",
        ("ExitEvent", "where"): "What must hold of the event",
        ("Trigger", "name"): "For people",
        ("Trigger", "profile"): "Look at every change of this profile's scores",
        (
            "Trigger",
            "event",
        ): "Instead of `profile`: look at every event of this type, whether a score moved or not",
        (
            "Trigger",
            "where",
        ): "With `event`: what must hold of its properties (bare names), `contact.*` and `deal.*`",
        ("Trigger", "filters"): "What must hold, at the moment of the change",
        (
            "Trigger",
            "fires",
        ): "`every_change`: whenever the filters hold. `on_entry`: when they hold and did not before",
        ("Trigger", "rearm"): "What the score must reach after an enrollment before `on_entry` fires again",
        (
            "Trigger",
            "reentry",
        ): "How often one record may be enrolled, over all versions: `{after: 7d}` counts from its "
        "last start",
        ("Trigger", "while_running"): "When a follow-up of the same automation still runs for the record",
        ("Trigger", "max_starts"): "The storm limit: enrollments beyond it are queued",
        ("Rearm", "less"): "The score is less",
        ("Rearm", "less_or_equal"): "The score is at most",
        ("Rearm", "greater"): "The score is greater",
        ("Rearm", "greater_or_equal"): "The score is at least",
        ("ReentryAfter", "after"): "Time since the last start",
        ("MaxStarts", "times"): "How many start",
        ("MaxStarts", "per"): "In how long",
        ("Recipient", "kind"): "Says what the document is",
        ("Recipient", "key"): "The name that `notify` uses",
        ("Recipient", "name"): "For people",
        (
            "Recipient",
            "channels",
        ): "Where messages go, all of them: `mailto:sales@example.com`. This version sends e-mail; "
        "other addresses are kept and not used",
        (
            "Notification",
            "to",
        ): "A recipient's key, `owner`, `contact` or an address; of a list, the first that is not empty",
        ("Notification", "subject"): "Template",
        ("Notification", "message"): "Template",
        ("Task", "title"): "Template",
        ("Task", "description"): "Template",
        ("Task", "assign_to"): "A name, or `owner` for the owner of the contact or deal",
        ("Task", "due_in"): "Time until it is due",
        ("AddTagStep", "add_tag"): "The tag",
        ("RemoveTagStep", "remove_tag"): "The tag",
        ("Update", "stage"): "New stage; null clears",
        ("Update", "owner"): "New owner; null clears; of a list, each enrollment takes the next in turn",
        ("Update", "dnd"): "Channels that are off, or `all`; an empty list clears",
        ("Update", "fields"): "Custom fields to set; texts are templates; null removes a field",
        ("Adjustment", "profile"): "Whose score",
        ("Adjustment", "points"): "Points to add; this or `set_to`",
        ("Adjustment", "set_to"): "The score to reach; this or `points`",
        ("Adjustment", "reason"): "Template; stands in the history of the score",
        ("Webhook", "url"): "Template",
        ("Webhook", "method"): "HTTP method",
        ("Webhook", "headers"): "Templates",
        ("Webhook", "body"): "Sent as JSON; texts in it are templates",
        ("WaitStep", "wait"): "How long",
        (
            "WaitUntil",
            "until",
        ): "A time of day such as `09:00`, or a date field such as `contact.renewal_date`",
        ("WaitUntil", "weekdays"): "With a time of day: only on these",
        ("WaitUntil", "timezone"): "Whose time of day",
        ("WaitUntil", "offset"): "With a date field: `-30d` for before, `12h` for after",
        ("Await", "filters"): "What must come to hold; this or `event`",
        ("Await", "event"): "The event type to wait for; this or `filters`",
        ("Await", "where"): "With `event`: what must hold of it",
        ("Await", "timeout"): "How long at most",
        ("Await", "on_timeout"): "What happens then",
        ("IfStep", "if"): "The condition",
        ("IfStep", "then"): "Steps where it holds",
        ("IfStep", "elif"): "Further conditions, tried in order",
        ("IfStep", "else"): "Steps where none holds",
        ("ElseIf", "if"): "The condition",
        ("ElseIf", "then"): "Steps where it holds",
        ("Share", "percent"): "Share of the records",
        ("Share", "name"): "For people",
        ("Share", "steps"): "Steps for them",
        ("StartStep", "start"): "Key of the other automation",
        ("StopStep", "stop"): "The reason",
    }
    | {
        (f"{step}Step", key): words
        for step in (
            *("Notify", "CreateTask", "AddTag", "RemoveTag", "Update", "AdjustScore", "Webhook"),
            *("Wait", "WaitFor", "If", "Split", "Start", "Stop"),
        )
        for key, words in (
            ("key", "Unique in the automation"),
            ("name", "What the Temporal UI calls the step; default: what it does"),
            ("on_failure", "Whether the follow-up fails when the step cannot be done, or goes on"),
        )
    }
    | {
        (f"{step}Step", key): "What it does"
        for step, key in (
            ("Notify", "notify"),
            ("CreateTask", "create_task"),
            ("Update", "update"),
            ("AdjustScore", "adjust_score"),
            ("Webhook", "webhook"),
            ("WaitFor", "wait_for"),
            ("Split", "split"),
        )
    }
)
