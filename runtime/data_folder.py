"""The data folder and its files: for their owner alone, whatever the umask was when they were made."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from runtime.errors import ReadableError
from runtime.settings import Settings

PRIVATE_UMASK = 0o077
#: What Kindling makes in a data folder. The demo keeps one of its own inside.
OURS = ("kindling.db", "logs", "run", "temporal", "up.lock", "demo")


def make_private() -> None:
    """From now on nobody else can read what this process and its children make. For composition roots."""
    os.umask(PRIVATE_UMASK)


def open_data_folder(settings: Settings) -> list[str]:
    """Make the folder, or close one that others can read, with the SQLite file wherever that is.

    Answers with a sentence for everything that others can still read, or the secret files that they can. Raises
    ReadableError when the folder cannot be used.
    """
    home = settings.home
    entries = make_folder(home)
    ours = [entry for entry in entries if entry.name.startswith(OURS)]
    left = [path for entry in ours for path in _close(entry)]
    warnings = [_advice(path) for path in left]
    if len(ours) == len(entries):
        warnings += map(_advice, _close_one(home))
    elif _open_to_others(home):
        warnings.append(
            f"Others can list {home}, which holds more than Kindling's data: set KINDLING_HOME to a folder of its own"
        )
    warnings += map(_advice, _close_database(settings))
    secrets = (settings.secrets_file, settings.payload_keys, settings.temporal_tls_key)
    return warnings + [_advice(path) for path in secrets if path is not None and _open_to_others(path)]


def make_folder(home: Path) -> list[Path]:
    """Make the folder unless it is there; answers what is in it. Raises ReadableError when it cannot be used."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return list(home.iterdir())
    except OSError as error:
        raise ReadableError(
            f"The data folder {home} cannot be used: {error.strerror}. Set KINDLING_HOME to a folder that may be"
            " written to"
        ) from error


def _close_database(settings: Settings) -> Iterator[Path]:
    """The SQLite file with those beside it, where `DATABASE_URL` puts it outside the data folder."""
    if settings.database.startswith("sqlite:///"):
        database = Path(settings.database.removeprefix("sqlite:///"))
        if database.parent != settings.home:
            for path in database.parent.glob(f"{database.name}*"):
                yield from _close_one(path)


def _close(path: Path) -> Iterator[Path]:
    """Close a file or a folder with all in it; gives those that could not be. Links are not followed."""
    yield from _close_one(path)
    if path.is_dir() and not path.is_symlink():
        try:
            inner = list(path.iterdir())
        except OSError:
            return
        for entry in inner:
            yield from _close(entry)


def _close_one(path: Path) -> Iterator[Path]:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & PRIVATE_UMASK:
            return
        path.chmod(stat.S_IMODE(mode) & ~PRIVATE_UMASK)
    except FileNotFoundError:
        return  # another process has tidied up
    except OSError:
        yield path


def _open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & PRIVATE_UMASK)
    except OSError:
        return False


def _advice(path: Path) -> str:
    return f"Others on this machine can read {path}: chmod {'700' if path.is_dir() else '600'} {path}"
