"""Killed between any two steps: each alert is delivered, and none twice but for a lost answer."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from drift_assets_tests.alerts.remote import receiver


def kill(home: Path, killings: int, seed: int) -> dict[str, int]:
    """Kill so many processes, and fail if an alert is lost or repeated without need."""
    with receiver() as hook, receiver() as duty:
        environment = os.environ | {
            "HOOK": hook.url,
            "DUTY": duty.url,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        finished = subprocess.run(
            [
                *(sys.executable, "-m", "drift_assets_tests.orchestration.killing"),
                *(str(home), str(killings), str(seed)),
            ],
            capture_output=True,
            check=False,
            env=environment,
            text=True,
        )
        received = {
            "hook": [one.json for one in hook.received],
            "duty": [one.json for one in duty.received],
        }
    assert finished.returncode == 0, finished.stderr
    found: dict[str, int] = json.loads(finished.stdout)
    left = json.loads((home / "kept.json").read_text(encoding="utf-8"))
    kept = set(left["kept"])
    # Three of the last process, which nobody kills.
    assert len(kept) >= 3
    assert {state for channel, state, _ in left["states"]} == {"sent"}
    repeated = 0
    for messages in received.values():
        # The dry run counts the steps of a turn in a history of its own.
        own = [one for one in messages if one["cause"] != "cause_0"]
        times = Counter(one["key"] for one in own)
        assert {key.split(":", 2)[2] for key in times} == kept
        # What is said twice carries the same name both times.
        assert len({one["id"] for one in own}) == len(times)
        repeated += sum(n - 1 for n in times.values())
    # Of each killed process at most one answer was lost.
    assert repeated <= found["killed"]
    return found | {"repeated": repeated}


def test_a_handful_of_killings_lose_and_repeat_nothing(tmp_path: Path) -> None:
    found = kill(tmp_path, 6, seed=2026)
    assert found["killed"] >= 3


@pytest.mark.slow
def test_a_hundred_killings_lose_and_repeat_nothing(tmp_path: Path) -> None:
    found = kill(tmp_path, 100, seed=7)
    assert found["killed"] >= 80
