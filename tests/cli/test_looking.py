from tests.cli.conftest import Kindling


def test_hold_is_seen_in_the_status_until_released(kindling: Kindling) -> None:
    assert kindling.json("hold") == {"held": True, "queued": 0}
    assert "held back" in kindling("status").stdout
    assert kindling.json("status")["held"] is True
    assert "start again" in kindling("release").stdout
    assert kindling.json("status")["held"] is False


def test_a_fresh_installation_says_that_nothing_runs(kindling: Kindling) -> None:
    state = kindling.json("status")
    assert (state["temporal"], state["workers"], state["pending_events"]) == ("down", [], 0)
    shown = kindling("status").stdout
    assert "none; start one with: kindling up" in shown
    assert "\x1b" not in shown


def test_enrollments_of_a_fresh_installation(kindling: Kindling) -> None:
    assert kindling("enrollments").stdout == "No enrollments.\n"
    said = kindling("enrollments", "--status", "runing", status=1).stderr
    assert 'There is no status "runing"; did you mean "running"?' in said
    assert 'no automation "none"' in kindling("enrollments", "--automation", "none", status=1).stderr
