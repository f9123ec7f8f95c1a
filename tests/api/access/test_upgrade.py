"""An installation from before there were people and keys opens with its key, its data and its follow-ups."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

import store.migrate
from store.database import Database
from store.migrate import migrate
from tests.api.installation import Installation, opened

KEY = "the-key-of-before"
BEARER = {"authorization": f"Bearer {KEY}"}


async def test_what_ran_before_goes_on(database: Database, tmp_path: Path) -> None:
    before = Installation(database, str(tmp_path), KINDLING_API_KEY=KEY)
    before.client.headers.update(BEARER)
    await before.publish()
    await before.automate()
    await before.send(*opened("ada", 6))
    before.score()
    ada = await before.get("/v1/contacts/ada")
    enrolled = await before.get("/v1/enrollments")
    assert enrolled["items"]
    await before.client.aclose()
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrate.__file__).parent / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0016")  # the schema that it had
    migrate(database, 4)
    after = Installation(database, str(tmp_path), KINDLING_API_KEY=KEY)
    async with after.client as client:
        client.headers.update(BEARER)
        assert await after.get("/v1/contacts/ada") == ada
        assert await after.get("/v1/enrollments") == enrolled
        who = await after.get("/v1/session")
        assert (who["kind"], len(who["permissions"])) == ("installation key", 6)
        await after.send(*opened("ada", 1))
        after.score()
        grown = await after.get("/v1/enrollments")
        assert len(grown["items"]) == len(enrolled["items"]) + 1
        assert (
            await client.get("/v1/contacts", headers={"authorization": "Bearer other"})
        ).status_code == 401


async def test_without_a_key_it_stays_open_to_this_machine_until_there_is_one(kindling: Installation) -> None:
    who: dict[str, Any] = await kindling.get("/v1/session")
    assert (who["kind"], who["name"]) == ("local", "local")
    await kindling.send(*opened("ada", 1))
    # What clients of before send along is no mistake here.
    given = await kindling.client.get("/v1/contacts", headers=BEARER)
    assert given.status_code == 200
