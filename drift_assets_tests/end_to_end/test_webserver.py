"""A real webserver and a watcher read a run while another process writes it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry

import drift_assets
from drift_assets.orchestration.event_log import PooledSqliteEventLogStorage
from drift_assets.orchestration.runs import open_instance
from drift_assets_tests.end_to_end.project import Project, make_project, rows

pytestmark = pytest.mark.slow

PATIENCE = 240.0
DAYS = ("2026-01-02", "2026-01-03")
RUN = "from drift_assets.cli import main; main()"
BIN = Path(sys.executable).parent
RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"
EVENTS = """
    query ($run: ID!, $cursor: String) {
      logsForRun(runId: $run, afterCursor: $cursor) {
        ... on EventConnection {
          events { __typename ... on MessageEvent { message } } cursor hasMore
        }
      }
    }
"""


@contextmanager
def webserver(project: Project) -> Iterator[int]:
    """Run the webserver on a project until the block ends; yield where it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (project.root / "webserver.log").open("w") as log:
        process = subprocess.Popen(
            [BIN / "dagster-webserver", "-h", "127.0.0.1", "-p", str(port), "-w", "workspace.yaml"],
            cwd=project.root,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            end = time.monotonic() + PATIENCE
            while not _answers(port):
                assert process.poll() is None, (project.root / "webserver.log").read_text("utf-8")
                assert time.monotonic() < end, "no answer"
                time.sleep(1)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/server_info")
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def ask(port: int, query: str, **variables: str) -> dict[str, dict[str, list[dict[str, str]]]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    content = json.dumps({"query": query, "variables": variables})
    connection.request("POST", "/graphql", content, {"Content-Type": "application/json"})
    found = json.load(connection.getresponse())
    connection.close()
    assert "errors" not in found, found
    return dict(found["data"])


def test_a_run_is_seen_while_it_is_written_and_whole_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path)
    for seed, day in enumerate(DAYS):
        project.drop(day, rows(seed + 1))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("DRIFT_ASSETS_HOME", str(project.home))
    monkeypatch.setenv("PYTHONPATH", str(Path(drift_assets.__file__).parent.parent))
    with open_instance(project.home) as instance:
        assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
        os.environ["DAGSTER_HOME"] = str(project.home)
        with webserver(project) as port:
            writer = subprocess.Popen(
                [sys.executable, "-c", RUN, "run", "churn", "--from", DAYS[0], "--to", DAYS[1]],
                cwd=project.root,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            counts: dict[str, list[int]] = {}
            heard: dict[str, list[str]] = {}

            def listen(run_id: str) -> None:
                heard[run_id] = []

                def hear(entry: EventLogEntry, _cursor: str) -> None:
                    heard[run_id].append(entry.message)

                instance.watch_event_logs(run_id, None, hear)

            while writer.poll() is None:
                for run in ask(port, RUNS)["runsOrError"]["results"]:
                    run_id = run["runId"]
                    if run_id not in heard:
                        listen(run_id)
                    events = ask(port, EVENTS, run=run_id)["logsForRun"]["events"]
                    counts.setdefault(run_id, []).append(len(events))
            output, _ = writer.communicate(timeout=PATIENCE)
            assert writer.returncode == 0, output

            runs = ask(port, RUNS)["runsOrError"]["results"]
            assert [run["status"] for run in runs] == ["SUCCESS", "SUCCESS"]
            for run in runs:
                run_id = run["runId"]
                kept = [entry.message for entry in instance.all_logs(run_id)]
                shown = ask(port, EVENTS, run=run_id)["logsForRun"]["events"]
                assert len(shown) == len(kept)
                assert kept[-1] == 'Finished execution of run for "churn__daily".'
                # What was read meanwhile was a part from the start on, never less than before.
                assert counts[run_id] == sorted(counts[run_id])
                end = time.monotonic() + 60
                while heard[run_id] != kept and time.monotonic() < end:
                    time.sleep(0.2)
                assert heard[run_id] == kept
            # Seen in the making, at least one of them.
            assert any(len(set(seen)) > 2 for seen in counts.values()), counts
            assert len(instance.get_materialized_partitions(dg.AssetKey(["churn", "report"]))) == 2
