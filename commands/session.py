"""The installation that a command works on: its database directly, and Temporal as far as it can be reached."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser

from commands.output import show_times_in
from commands.temporal_link import TemporalLink
from runtime.clock import now_micros
from runtime.data_folder import open_data_folder
from runtime.logs import configure_logging
from runtime.principals import Principal, command_line
from runtime.settings import Settings, load_settings
from services.application import Application
from services.resources import Resources
from store import meta
from store.database import Database
from store.migrate import migrate


@dataclass(frozen=True)
class Session:
    """What a command works with."""

    settings: Settings
    application: Application
    link: TemporalLink
    by: Principal


def local_user() -> str | None:
    """Who works at this machine, as its operating system knows them; None where it does not."""
    try:
        import pwd  # noqa: PLC0415 - not on every system

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:
        return getuser()
    except KeyError:
        return None


def quiet(settings: Settings) -> Settings:
    """The same settings, logging only what a person at a terminal has to know."""
    talkative = settings.log_level == "debug"
    return settings if talkative else settings.model_copy(update={"log_level": "error"})


def prepare_database(settings: Settings) -> None:
    """Bring the database to the current schema; for the start of the stack."""
    database = _database(settings)
    try:
        migrate(database, settings.shards)
    finally:
        database.close()


@contextmanager
def session(settings: Settings | None = None) -> Iterator[Session]:
    """Open the installation of the settings (default: of the environment); a new one is made."""
    settings = settings or load_settings()
    configure_logging(quiet(settings), "cli")
    show_times_in(settings.time_zone)
    database = _database(settings)
    try:
        link = TemporalLink(settings)
        try:
            migrate(database, settings.shards)
            with database.read() as connection:
                shards = meta.shard_count(connection)
            resources = Resources(settings, database, now_micros, link, shards)
            application = Application(resources, link.start_publish)
            yield Session(settings, application, link, command_line(local_user()))
        finally:
            link.close()
    finally:
        database.close()


def _database(settings: Settings) -> Database:
    if settings.database_url is None:
        open_data_folder(settings)  # what it warns of, the processes say at their start
    database = Database(settings.database, sync=settings.database_sync)
    with database.read():
        return database  # it answers, or the error is a readable one
