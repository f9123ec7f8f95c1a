"""What calls answer with, of looking ahead: previews."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class BeforeAfter(BaseModel):
    """Numbers of records before and after."""

    before: int
    after: int


class Bar(BeforeAfter):
    """Scores from one bound to the other, both included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int = Field(alias="from")
    to: int


class BandCount(BeforeAfter):
    """Records in one band."""

    band: str


class BandMove(BaseModel):
    """Records that go from one band to another; null: no band."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str | None = Field(alias="from")
    to: str | None
    count: int


class Mover(BaseModel):
    """A record whose score moves far."""

    contact: str | None = None
    deal: str | None = None
    before: int | None
    after: int | None


class WouldEnroll(BaseModel):
    """How many follow-ups of an automation `fire` would start, and how many matches it would skip, by reason."""

    automation: str
    enrolled: int
    skipped: dict[str, int]


class Preview(BaseModel):
    """What publishing the draft would do; while it is computed, only how far that is."""

    status: Literal["computing", "done"]
    done: int
    total: int
    profile: str | None = None
    applies_to: Literal["contact", "deal"] | None = None
    version: int | None = Field(default=None, description="The version that the draft would become")
    published_version: int | None = None
    computed_at: str | None = None
    records: int | None = None
    pending_events: int | None = Field(default=None, description="Work not applied yet, which is not counted")
    changed: int | None = Field(default=None, description="Records whose score would change")
    empty: BeforeAfter | None = Field(default=None, description="Records without a score")
    distribution: list[Bar] | None = None
    bands: list[BandCount] | None = None
    band_moves: list[BandMove] | None = None
    movers: list[Mover] | None = Field(default=None, description="Those that move most")
    enrollments: list[WouldEnroll] | None = None
