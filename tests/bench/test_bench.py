"""Says nothing about speed: what other things run on a machine is not a matter of tests."""

import json
import math

import pytest

import bench
from bench.command import MEASUREMENTS
from bench.result import percentile, rate

ROWS = {
    "latency": ["latency", "latency_p99"],
    "automations": ["automations_500", "automations_10000"],
    "long_follow_up": ["long_follow_up", "long_follow_up_history"],
    "follow_ups": ["follow_ups", "follow_up_actions"],
    "crowd": [
        "crowd",
        *(f"crowd_{name}" for name in ("others", "woken", "memory", "temporal", "audit", "scoring")),
    ],
    "waiting": ["waiting", "waiting_scoring", "waiting_wake"],
    "publish": ["publish", "publish_memory", "preview"],
    "big_contact": [
        *(f"big_contact_{name}" for name in ("import", "rescore", "revoke", "merge", "erase")),
        *("big_contact_memory", "big_contact_others"),
    ],
    "lists": ["list", "list_filtered"],
}
WITHOUT_FLOOR = ("actions", "follow_ups", "crowd", "publish", "big_contact", "lists")
KEYS = ["name", "value", "unit", "floor", "ratio", "target", "met"]


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.parametrize("name", MEASUREMENTS)
def test_each_measurement_comes_to_finite_values_and_leaves_nothing(
    name: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    disk = tmp_path_factory.mktemp("disk")
    monkeypatch.setenv("TMPDIR", str(disk))
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    status = bench.main([name], as_json=True, scale=0.005)
    out, trouble = capsys.readouterr()
    assert status == 0, trouble
    results = json.loads(out)
    assert [result["name"] for result in results] == ROWS.get(name, [name])
    for result in results:
        assert list(result) == KEYS
        assert math.isfinite(result["value"])
        assert result["value"] > 0
        assert isinstance(result["met"], bool)
        if name not in WITHOUT_FLOOR:
            assert math.isfinite(result["floor"])
            assert result["ratio"] == pytest.approx(result["value"] / result["floor"])
    assert list(disk.iterdir()) == []


def test_an_unknown_name_is_refused_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["follow-up"], as_json=True) == 2
    assert "follow_ups" in capsys.readouterr().err


def test_a_failed_measurement_is_told_and_the_others_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(scale: float) -> list[object]:
        raise OSError("no space left")

    async def works(scale: float) -> list[object]:
        return [rate("intake", "events/s", [scale, 9, 8], [4, 4, 2], 3)]

    monkeypatch.setitem(MEASUREMENTS, "scoring", fails)
    monkeypatch.setitem(MEASUREMENTS, "intake", works)
    assert bench.main(["scoring", "intake"], as_json=True) == 1
    out, trouble = capsys.readouterr()
    assert "scoring could not be measured" in trouble
    assert "no space left" in trouble
    assert [(row["name"], row["value"], row["ratio"], row["met"]) for row in json.loads(out)] == [
        ("intake", 8, 2.0, False)
    ]


def test_percentiles_are_samples() -> None:
    assert [percentile([5, 1, 4, 2, 3], percent) for percent in (50, 99, 20)] == [3, 5, 1]
