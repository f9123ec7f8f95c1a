"""The table of triggers: all cases, by what they are about. `case` says how to read a row."""

from tests.triggers.case import Case
from tests.triggers.cases_crossing import CROSSING
from tests.triggers.cases_events import EVENTS
from tests.triggers.cases_fields import FIELDS
from tests.triggers.cases_guards import GUARDS
from tests.triggers.cases_nesting import NESTING
from tests.triggers.cases_operators import OPERATORS
from tests.triggers.cases_rearm import REARM
from tests.triggers.cases_records import RECORDS
from tests.triggers.cases_skips import SKIPS
from tests.triggers.cases_values import VALUES

CASES: list[Case] = [
    *OPERATORS,
    *VALUES,
    *FIELDS,
    *RECORDS,
    *NESTING,
    *CROSSING,
    *REARM,
    *GUARDS,
    *SKIPS,
    *EVENTS,
]
