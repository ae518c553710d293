"""What the collector and the History Server promise, on each server."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from harness.collector import ROOT, clean_environment, run_collector
from harness.events import body_of, node_event
from history_server import HistoryServer
from live.waiting import wait_until

from . import session
from .verdicts import BYTES_MISSING, REFUSED_BY_CHECK, SUITE_DEVIATIONS, SUITE_RACES

PROGRAMS = Path(os.environ.get("RAYHISTORY_BIN_DIR", ROOT / "build" / "release" / "bin"))


def suite(server, *arguments):
    """The conformance suite (src/store/conformance_test.cpp)."""
    return subprocess.run(
        [PROGRAMS / "store_test", *arguments],
        env={
            **clean_environment(),
            "RAYHISTORY_TEST_S3_ENDPOINT": server.endpoint,
            "RAYHISTORY_TEST_S3_ACCESS_KEY": server.access_key,
            "RAYHISTORY_TEST_S3_SECRET_KEY": server.secret_key,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.timeout(400)
def test_the_conformance_suite_passes_but_for_what_is_known(server):
    listed = suite(server, "--gtest_list_tests", "--gtest_filter=*Conformance*/S3").stdout
    tests = re.findall(r"^  (\w+)/S3", listed, re.MULTILINE)
    assert len(tests) > 20, listed
    # Each by itself: one that ends the program hides none of the others.
    runs = {test: suite(server, f"--gtest_filter=*Conformance.{test}/S3", "--gtest_brief=1") for test in tests}
    failed = {test: run.stdout + run.stderr for test, run in runs.items() if run.returncode != 0}
    known = SUITE_DEVIATIONS.get(server.name, {})
    certain = failed.keys() - SUITE_RACES.get(server.name, {}).keys()
    assert certain == known.keys(), "\n".join(text for test, text in failed.items() if test not in known)


def test_check_says_whether_the_collector_can_store_here(server, bucket):
    run = run_collector("--check", RAY_CLUSTER_NAME="test", **bucket.environment)
    if refusal := REFUSED_BY_CHECK.get(server.name):
        assert run.returncode == 1, run.stdout + run.stderr
        assert refusal in run.stdout
    else:
        assert run.returncode == 0, run.stdout + run.stderr
        assert "all that the collector and the History Server need works" in run.stdout
        assert bucket.stored.sizes() == {}, "the probe is removed"


def unfinished_uploads(bucket):
    """Those that the server lists; none where it lists none."""
    try:
        return bucket.client.list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])
    except bucket.client.exceptions.ClientError:
        return []


@pytest.fixture
def stores_everything(tested, request):
    """A test that takes it has to fail where that is known."""
    if reason := BYTES_MISSING.get(tested.name):
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))


def test_each_byte_is_stored_through_growth_rotation_and_a_kill(
    stores_everything, bucket, collector, node, tmp_path
):
    session.begin(node)
    judge = bucket.judge()

    def stored_sizes():
        return judge.log_sizes(node.session, node.node_id)

    def sizes_on_disk(rotated=None):
        return {name: len(content) for name, content in session.expected(node, rotated).items()}

    collector.start()
    event = node_event(node.session)
    collector.sender().send(body_of([event]))
    wait_until(lambda: stored_sizes() == sizes_on_disk(), "all logs, the large one above 5 MiB", 60)

    session.grow(node)
    wait_until(lambda: stored_sizes() == sizes_on_disk(), "what they have grown by", 60)

    rotated = session.rotate(node)
    wait_until(lambda: stored_sizes() == sizes_on_disk(rotated), "the rotated log under its own name", 60)

    # Before, while or after it sends: where the kill hits is chance, what has to come of it is not.
    session.grow(node)
    collector.kill()
    node.append_log(session.SMALL, b"written while no collector ran\n")
    collector.start()
    wait_until(lambda: stored_sizes() == sizes_on_disk(rotated), "what the killed collector had not stored", 60)

    node.append_log(session.SMALL, b"the last line\n")
    node.append_log(session.LARGE, b"the last line\n")
    collector.stop()

    assert judge.logs(node.session, node.node_id) == session.expected(node, rotated)
    assert judge.node_events(node.session, node.node_id) == [event]
    assert judge.markers() == {node.session}
    judge.keys()  # each of them is of the layout
    assert unfinished_uploads(bucket) == []

    history = HistoryServer(tmp_path, bucket.environment)
    try:
        base = f"/c/default/raycluster/test/{node.session}/api/v0/logs"
        for name, content in session.expected(node, rotated).items():
            answer = history.ask(f"{base}/file?node_id={node.node_id}&filename={quote(name, safe='')}&lines=-1")
            assert (answer.status, answer.body) == (200, content), name
        assert [row["sessionName"] for row in history.ask("/clusters").json()] == [node.session]
    finally:
        history.stop()
