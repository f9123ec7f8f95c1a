"""A stolen database opens nothing: no password, session, key, or secret of somebody else's system is in it."""

from pathlib import Path
from typing import Any

from sqlalchemy import text

from runtime.principals import LOCAL
from store.database import Database
from tests.api.installation import BASE, Installation

PASSWORD, NEW_PASSWORD = "tiger-lamp-42-orbit", "window-93-cedar-moss"
SECRET, KEY = "the-crm-token-4711", "the-key-of-the-installation"


def everything(database: Database) -> str:
    """Every value of every table, and on SQLite the bytes of the files, too."""
    with database.read() as connection:
        if database.is_sqlite:
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        tables = connection.execute(text(names)).scalars().all()
        found = [
            str(row) for name in tables for row in connection.execute(text(f'SELECT * FROM "{name}"')).all()
        ]
    if database.is_sqlite:
        path = Path(database.url.database or "")
        found += [file.read_bytes().decode("latin-1") for file in path.parent.glob(f"{path.name}*")]
    return "\n".join(found)


async def test_what_opens_something_is_not_in_the_database(database: Database, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"crm={SECRET}\n")
    secrets.chmod(0o600)
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY=KEY, KINDLING_SECRETS_FILE=str(secrets))
    access = kindling.application.access
    bearer = {"authorization": f"Bearer {KEY}"}
    made = access.keys.add({"name": "crm", "permissions": ["read"]}, LOCAL).key
    access.people.add({"key": "ada", "name": "Ada", "role": "sales", "password": PASSWORD}, LOCAL)
    body = {"name": "ada", "password": PASSWORD}
    wrong = {"name": "ada", "password": "a wrong one that is near"}
    assert (await kindling.client.post("/v1/session", json=wrong)).status_code == 401
    assert (await kindling.client.post("/v1/session", json=body)).status_code == 200
    [token] = kindling.client.cookies.values()
    changed = {"present": PASSWORD, "password": NEW_PASSWORD}
    assert (await kindling.client.put("/v1/session/password", json=changed)).status_code == 204
    kindling.client.cookies.clear()
    kindling.client.headers.update(bearer)
    await kindling.publish()
    webhook: dict[str, Any] = {
        "url": "https://crm.example/hook",
        "headers": {"Authorization": "Bearer {{ secret.crm }}"},
    }
    await kindling.automate("hook", trigger={"event": "x"}, steps=[{"webhook": webhook}])
    await kindling.send({"type": "x", "contact": "ada"})
    kindling.score()
    held = everything(database)
    assert "kindling_" in held  # the beginnings of keys, by which people know them
    assert "$argon2id$" in held
    for name, secret in {
        "a password": PASSWORD,
        "a new password": NEW_PASSWORD,
        "a wrong password": wrong["password"],
        "a session": token,
        "a key": made.rpartition("_")[2],
        "the key of the installation": KEY,
        "a secret of webhooks": SECRET,
    }.items():
        assert secret not in held, name


async def test_what_is_in_it_opens_nothing(database: Database, tmp_path: Path) -> None:
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY=KEY)
    access = kindling.application.access
    access.keys.add({"name": "crm", "permissions": ["read"]}, LOCAL)
    access.people.add({"key": "ada", "name": "Ada", "role": "sales", "password": PASSWORD}, LOCAL)
    await kindling.client.post("/v1/session", json={"name": "ada", "password": PASSWORD})
    with database.read() as connection:
        rows = {
            name: dict(connection.execute(text(f"SELECT * FROM {name}")).mappings().one())
            for name in ("api_keys", "people", "sessions")
        }
    key, session = rows["api_keys"], rows["sessions"]
    async with kindling.client_for(BASE) as client:
        for given in (
            key["hash"],
            key["prefix"],
            f"{key['prefix']}_{key['hash']}",
            rows["people"]["password"],
        ):
            answer = await client.get("/v1/session", headers={"authorization": f"Bearer {given}"})
            assert answer.status_code == 401, given
        cookie = f"kindling-{access.installation}={session['hash']}"
        assert (await client.get("/v1/session", headers={"cookie": cookie})).status_code == 401
        body = {"name": "ada", "password": rows["people"]["password"]}
        assert (await client.post("/v1/session", json=body)).status_code == 401


async def test_no_answer_of_the_api_has_the_secret_that_signs_webhooks(kindling: Installation) -> None:
    from channels.signing import new_secret  # noqa: PLC0415
    from store.follow_ups.webhooks import signing_secret  # noqa: PLC0415

    secret = kindling.database.run(lambda connection: signing_secret(connection, new_secret()))
    for path in kindling.app.openapi()["paths"]:
        if "get" in kindling.app.openapi()["paths"][path] and "{" not in path:
            parameters = {"q": secret, "profile": "p"}
            answer = await kindling.client.get(path, params=parameters if path == "/v1/find" else {})
            told = answer.text.replace(secret, "", 1) if path == "/v1/find" else answer.text
            assert secret not in told, path
