"""What brings many follow-ups about at once, as events and enrollments note it, so that all of them can be found.

`publish:7:3`, of the profile's id and the version; `import:May.csv`, of events, contacts or deals;
`list:partners:<request>` and `enroll:<request>`, of enrolling by hand; `request:<id>`, of a call that sends events or
records, or of a bulk job. What steps bring about has what their follow-up has.
"""


def of_publish(profile_id: int, version: int) -> str:
    """A publish of a profile that fired."""
    return f"publish:{profile_id}:{version}"


def of_import(name: str) -> str:
    """The events of an import, or those that its records emit."""
    return f"import:{name}"


def of_request(request: str) -> str:
    """The events of one call or bulk job, or those that its records emit."""
    return f"request:{request}"


def of_enrolling(request: str, smart_list: str | None = None) -> str:
    """Those who are enrolled by hand."""
    return f"list:{smart_list}:{request}" if smart_list is not None else f"enroll:{request}"
