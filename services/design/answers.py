"""What the use cases of design answer: profiles, automations, recipients, their versions."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from automations import model
from runtime.statuses import PublicationStatus
from scoring.profile import ScoreProfile
from services.answers import Enrolled, FieldProblem
from services.entity_tags import TaggedAnswer

_STANDING = ("status", "version", "latest_version", "unpublished_changes", "updated_at")


class Publishing(BaseModel):
    """How far the re-scoring of the newest publish has come."""

    done: int
    total: int
    status: Literal[PublicationStatus.RUNNING]
    triggers: Literal["silent", "fire"]
    workflow_id: str


class Profile(TaggedAnswer):
    """The draft's content, and how the profile stands."""

    STATE: ClassVar = (*ScoreProfile.model_fields, *_STANDING)
    PASSING: ClassVar = ("publishing",)

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    status: Literal["draft", "published"]
    version: int | None
    latest_version: int
    unpublished_changes: bool
    publishing: Publishing | None = Field(description="While a publish re-scores the records; then null")
    updated_at: str
    warnings: list[FieldProblem] | None = Field(default=None, description="When it was saved just now")


class PublishBegun(BaseModel):
    """A publish that has begun."""

    version: int
    workflow_id: str


class Version(BaseModel):
    """An immutable version of a definition."""

    version: int
    published_at: str
    current: bool
    author: str | None = Field(description="Who made it; null when that was not said")
    comment: str | None = Field(description="Why; null when that was not said")
    definition: dict[str, Any]


class Comparison(BaseModel):
    """What changed between two versions; null: nothing published, or the draft."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int | None = Field(alias="from")
    to: int | None
    diff: str = Field(description="Unified diff of YAML")


class Automation(TaggedAnswer):
    """The draft's content, and how the automation stands."""

    STATE: ClassVar = (*model.Automation.model_fields, *_STANDING)

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    status: Literal["draft", "published", "paused"]
    version: int | None
    latest_version: int
    unpublished_changes: bool
    updated_at: str
    warnings: list[FieldProblem] | None = None
    difference: Comparison | None = Field(
        default=None, description="From the version before, after publishing"
    )
    enrolled: Enrolled | None = None
    follow_ups_paused: int | None = None
    follow_ups_resumed: int | None = None


class Recipient(TaggedAnswer):
    """Whom notifications reach."""

    STATE: ClassVar = ("kind", "key", "name", "channels")

    kind: str
    key: str
    name: str
    channels: list[str]
