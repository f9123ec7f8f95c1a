"""A call that would have the database work for minutes gets a clear answer."""

from pathlib import Path

from store.database import Database
from tests.api.installation import Installation


async def test_a_call_that_asks_for_too_much_is_told_so(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url, sync="normal", longest=0.001)
    kindling = Installation(database, str(tmp_path), KINDLING_API_KEY="sesame")
    patient = Database(database_url, sync="normal")
    with patient.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO contacts (key, shard, tags, dnd, fields, created_at, updated_at, touched, search) "
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000) "
            "SELECT 'c' || n, 0, '[]', '[]', '{}', 1, 1, 0, 'c' || n FROM numbers"
        )
    patient.close()
    answer = await kindling.client.get(
        "/v1/contacts",
        params={"q": "nobody has this in their name"},
        headers={"authorization": "Bearer sesame"},
    )
    database.close()
    assert answer.status_code == 503, answer.text
    assert "ask for less" in answer.json()["detail"]
    assert "retry-after" not in answer.headers
