"""What the use cases of design answer: profiles, automations, recipients, their versions."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.answers import Enrolled, FieldProblem


class Publishing(BaseModel):
    """How far the re-scoring of the newest publish has come."""

    done: int
    total: int
    status: Literal["running", "done", "superseded"]
    triggers: Literal["silent", "fire"]
    workflow_id: str


class Profile(BaseModel):
    """The draft's content, and how the profile stands."""

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    status: Literal["draft", "published"]
    version: int | None
    latest_version: int
    unpublished_changes: bool
    publishing: Publishing | None
    updated_at: str


class Published(BaseModel):
    """A publish that has begun."""

    version: int
    workflow_id: str


class Version(BaseModel):
    """An immutable version of a definition."""

    version: int
    published_at: str
    current: bool
    definition: dict[str, Any]


class Comparison(BaseModel):
    """What changed between two versions; null: nothing published, or the draft."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int | None = Field(alias="from")
    to: int | None
    diff: str = Field(description="Unified diff of YAML")


class Automation(BaseModel):
    """The draft's content, and how the automation stands."""

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


class Recipient(BaseModel):
    """Whom notifications reach."""

    kind: str
    key: str
    name: str
    channels: list[str]
