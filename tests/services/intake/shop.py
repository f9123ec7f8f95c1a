"""Imports files into a database of its own and looks at what came of it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conditions.times import DAY, from_iso
from runtime.settings import load_settings
from services.application import Application
from services.intake.files.import_columns import Columns
from services.intake.files.imports import Imported, import_file
from services.resources import Resources
from store.database import Database
from store.intake.event_reads import list_events

NOW = from_iso("2026-11-22T12:00:00Z")


class Nobody:
    """Nobody is woken: nothing is scored here."""

    def request(self, shards: Iterable[int]) -> None:
        pass


class Shop:
    """Imports files into a database and reads the events back. `now` is its clock."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.now = NOW
        settings = load_settings({"KINDLING_HOME": str(folder)}, environ={})
        resources = Resources(settings, database, lambda: self.now, Nobody(), 4)
        self.application = Application(resources, lambda _: None)
        self.events = self.application.events
        self.database = database
        self.folder = folder

    def file(self, content: str | bytes, name: str = "shop.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(
        self, content: str | bytes, name: str = "shop.csv", *, known_as: str | None = None, **options: Any
    ) -> Imported:
        """Import a file of this content and name; the other options are those of Columns and import_file."""
        columns = Columns(**{k: options.pop(k) for k in list(options) if k in Columns.__annotations__})
        return import_file(self.events, self.file(content, name), columns, name=known_as, **options)

    def tomorrow(self) -> None:
        self.now += DAY

    def rows(self) -> dict[str, dict[str, Any]]:
        """The events by id, without those that changes of records emitted."""
        with self.database.read() as connection:
            events = list_events(connection, limit=20_000)
            return {
                row["id"]: {**row, "properties": json.loads(row["properties"])}
                for row in events
                if "/" not in row["id"]
            }

    def properties(self) -> list[dict[str, Any]]:
        """What the events say, in no order."""
        return sorted((row["properties"] for row in self.rows().values()), key=str)

    def email(self, key: str) -> str | None:
        return self.application.contacts.get(key).email
