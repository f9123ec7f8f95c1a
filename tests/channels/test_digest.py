from channels import digest
from conditions.times import from_iso


def test_a_digest_says_how_many_and_because_of_what() -> None:
    opened, due = from_iso("2026-05-01T10:00:30Z"), from_iso("2026-05-01T11:00:30Z")
    assert digest.subject(212) == "and 212 more like this"
    assert digest.text({"cold": 12, "hot-lead": 200}, opened, due, "https://kindling.example.com") == (
        "You have got as many e-mails within an hour as one recipient gets. 212 more were held back, from "
        "2026-05-01 10:00 to 2026-05-01 11:00 UTC:\n"
        "\n"
        "- 200 from the automation hot-lead\n"
        "- 12 from the automation cold\n"
        "\n"
        "Each is recorded; GET https://kindling.example.com/v1/notifications?status=recorded lists them.\n"
        "KINDLING_ALERTS_PER_HOUR is the limit."
    )
    assert "1 more was held back" in digest.text({"hot-lead": 1}, opened, due, "")
