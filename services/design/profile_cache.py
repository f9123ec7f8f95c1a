"""Profile versions, compiled once each: they never change."""

from scoring.compiled import CompiledProfile, compile_profile
from scoring.profile import ScoreProfile
from store.connection import Connection, RowMapping
from store.design import definitions

_MOST = 200


class ProfileCache:
    """Finds profiles by key. Safe to use from many threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], CompiledProfile] = {}

    def row(self, connection: Connection, key: str) -> RowMapping | None:
        """The profile's row, published or not."""
        return definitions.find(connection, definitions.PROFILES, key)

    def keys(self, connection: Connection) -> list[str]:
        """Keys to suggest to somebody who has named an unknown profile."""
        return [row["key"] for row in definitions.all_definitions(connection, definitions.PROFILES)]

    def published(self, connection: Connection, row: RowMapping) -> CompiledProfile | None:
        """The published version; None while the profile is a draft."""
        return None if row["version"] is None else self.version(connection, row["id"], row["version"])

    def version(self, connection: Connection, profile_id: int, version: int) -> CompiledProfile:
        known = self._known.get((profile_id, version))
        if known is None:
            definition = definitions.version_definition(connection, definitions.PROFILES, profile_id, version)
            profile = ScoreProfile.model_validate(definition)
            if len(self._known) >= _MOST:
                self._known = {}
            known = self._known[profile_id, version] = compile_profile(profile, profile_id, version)
        return known
