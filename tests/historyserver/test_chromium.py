"""Ray's own dashboard in a real Chromium, on recorded sessions: no JavaScript error, no request that fails or leaves the
session's address, no blank page; and what somebody looks for is to be read.

With RAYHISTORY_PICTURES=folder it also draws the pictures of docs/ (`make picture-historyserver`).
"""

import base64
import itertools
import json
import os
import re
import shutil
import tarfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import PROGRAM, Browser
from history_server import ROOT, SESSION_A
from test_sessions import BASE, SESSION

CHROMIUM = shutil.which(PROGRAM)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's package chromium is not installed")

NODE = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607"
COUNTER = "7b88651e4785949c5c446ae802000000"
RETRIED = "0305c20c67b558eeffffffffffffffffffffffff02000000"
BAD_METHOD = "f9b454884f032ced7b88651e4785949c5c446ae802000000"
# Which the pages ask for, and take these answers of as "not there".
EXPECTED = re.compile(r".*/api/(grafana|prometheus)_health: 501|.*/api/v0/platform_events: 404")

ICON = "beside "

# Of each page what is to be read on it, after clicks.
PAGES = [
    ("overview", [], ["raysubmit_bad", "Cluster status and autoscaler", "Total Usage:", "A worker died or was killed"]),
    ("cluster", [], ["Node Statistics", NODE, "192.0.2.2 (Head)"]),
    ("cluster/info", [], ["Cluster Info", "2.60.0"]),
    (f"cluster/nodes/{NODE}", [], ["Node details fetched.", "WORKER (2)", "ACTOR (6)"]),
    (f"cluster/nodes/{NODE}", ["RAYLET"], ["Workers Num", "Node Manager Port"]),
    (f"cluster/nodes/{NODE}", ["ACTOR (6)"], ["_StatsActor", "JobSupervisor"]),
    ("jobs", [], ["Job List", "raysubmit_ok", "FAILED", "python wl2.py"]),
    ("jobs/02000000", [], ["python wl2.py", "Finished: 35", "Failed: 9"]),
    ("jobs/02000000", ["beside 35 / 44"], ["retryex\n0 / 2", "A\n8 / 10", "f\n(\n10)"]),  # by lineage
    ("jobs/02000000", ["Task Table"], ["retryex", "named-13"]),
    ("jobs/02000000", ["Actor Table"], ["counter", "B<repr>"]),
    ("jobs/02000000", ["Placement Group Table"], ["pgx", "CREATED"]),
    ("jobs/raysubmit_bad", [], ["raysubmit_bad", "Running entrypoint for job raysubmit_bad", "\nbad\n"]),
    ("jobs/raysubmit_ok", [], ["raysubmit_ok", "team", "SUCCEEDED"]),
    ("jobs/02000000/info", [], ["Info", "python wl2.py"]),
    ("jobs/02000000/actors", [], ["TOTAL", "B<repr>", "counter"]),
    (f"jobs/02000000/tasks/{RETRIED}", ["STDOUT"], ["retryex", "FAILED", "retryex\n"]),
    (f"jobs/02000000/tasks/{RETRIED}", ["ERROR STACK TRACE"], ["RuntimeError: again"]),
    (f"jobs/02000000/tasks/{BAD_METHOD}", ["ERROR STACK TRACE"], ["A.bad", "KeyError: 'k'"]),
    ("actors", [], ["_StatsActor", "counter", "DEAD", "The actor is dead because it was killed by"]),
    (f"actors/{COUNTER}", ["STDOUT"], ["counter", "Exit Detail", "inc 1"]),
    (f"actors/{COUNTER}/tasks/{BAD_METHOD}", [], [BAD_METHOD, "A.bad", "ACTOR_TASK"]),
    ("metrics", [], ["Set up Prometheus and Grafana"]),
    ("serve", [], ["Serve not started"]),
    ("serve/system", [], ["System", "Serve not started"]),
    ("logs", [], ["Select a node to view logs", NODE]),
    (f"logs/?nodeId={NODE}", [], ["raylet.out", "events/", "job-driver-raysubmit_bad.log"]),
    (f"logs/?nodeId={NODE}&folder=events", [], ["event_RAYLET.log"]),
    (f"logs/viewer?nodeId={NODE}&fileName=raylet.out", [], ["File: raylet.out", "Setting cluster ID to"]),
    ("platform-events", [], ["Platform events are not enabled"]),
]

# As Ray 2.60's agent posts it.
PLATFORM_EVENT = {
    "eventId": "NmYzYy11aWQ=", "sourceType": "CLUSTER_LIFECYCLE", "eventType": "PLATFORM_EVENT", "sessionName": "",
    "timestamp": "2026-11-23T03:25:51Z", "severity": "WARNING", "message": "Killed process", "nodeId": NODE,
    "platformEvent": {"source": {"platform": "KUBERNETES", "component": "kubelet", "metadata": {"namespace": "default"}},
                      "objectKind": "Pod", "objectName": "full-head", "message": "Killed process",
                      "reason": "OOMKilling", "customFields": {"count": "2"}},
}  # fmt: skip

# Of session A, which our collector stored; its driver was silent, and no dashboard was asked.
PAGES_A = [
    ("overview", [], ["04000000", "Cluster status and autoscaler"]),
    ("cluster", [], ["Node Statistics", "192.0.2.2"]),
    ("jobs", [], ["Job List", "SUCCEEDED", "04000000"]),
    ("jobs/04000000", ["Task Table"], ["FINISHED", "NORMAL_TASK"]),
    ("actors", [], ["DEAD"]),
    ("logs", [], ["Select a node to view logs"]),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(CHROMIUM, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.stop()


@pytest.fixture(scope="module")
def dashboard_files():
    """Those of the installed Ray."""
    ray = Path(os.environ["RAYHISTORY_RAY"]).parents[1]
    return str(next(ray.glob("lib/python3*/site-packages/ray/dashboard/client/build")))


def picture(page, name, height):
    if folder := os.environ.get("RAYHISTORY_PICTURES"):
        page.picture(Path(folder) / f"historyserver-{name}.png", height)


def look_at(page, base, route, clicks, texts):
    page.fresh()
    page.go(f"{base}/#/{route}")
    for text in clicks:
        page.click(text.removeprefix(ICON), icon=text.startswith(ICON))
    page.wait_for(*texts)
    wrong = [mistake for mistake in page.mistakes if not EXPECTED.fullmatch(mistake)]
    outside = [url for url in page.requests if not url.startswith((f"{base}/", "data:", "blob:"))]
    assert (wrong, outside) == ([], []), f"{route} {clicks}"


def open_dashboard(browser, base):
    page = browser.open(f"{base}/#/overview")
    page.wait_for("Recent jobs", "Cluster status and autoscaler")
    return page


def test_every_page_at_a_sessions_own_address(serve, recorded, browser, dashboard_files):
    base = f"http://127.0.0.1:{serve(recorded, DASHBOARD_DIR=dashboard_files).port}{BASE}"
    page = open_dashboard(browser, base)
    for route, clicks, texts in PAGES:
        look_at(page, base, route, clicks, texts)
        if clicks == ["beside 35 / 44"]:
            picture(page, "job", 800)
        if clicks == ["ERROR STACK TRACE"] and RETRIED in route:
            picture(page, "task", 960)


def store_platform_event(bucket):
    (folder,) = bucket.glob(f"cluster-history/*/*/*/*/{SESSION}/{NODE}/node_events")
    (folder / f"{NODE}-2026-11-23-03.jsonl").write_text(json.dumps(PLATFORM_EVENT))


def test_a_session_is_found_and_looked_at_by_cookies(serve, bucket, browser, dashboard_files):
    for owner, day in itertools.product(("raycluster/default_trial", "rayjob/ml_nightly_nightly-x7k2p"), range(10, 30)):
        (bucket / "cluster-metadata" / owner).mkdir(parents=True, exist_ok=True)
        (bucket / "cluster-metadata" / owner / f"session_2026-10-{day}_04-00-0{day % 10}_000000_1").touch()
    store_platform_event(bucket)
    root = f"http://127.0.0.1:{serve(bucket, DASHBOARD_DIR=dashboard_files).port}"
    page = browser.open(f"{root}/")
    page.wait_for("41 of 41 sessions", SESSION)
    assert urlsplit(page.run("location.href")).path == "/select_cluster"
    picture(page, "sessions", 500)
    page.run("""(() => { const filter = document.querySelector('#filter');
                         filter.value = 'MYJOB 11-23'; filter.dispatchEvent(new Event('input')); })()""")
    page.wait_for("1 of 41 sessions")
    # Its link leads to the session's own address; KubeRay's way sets cookies.
    page.click("full")
    page.wait_for("Recent jobs", "raysubmit_bad")
    assert page.run("location.href") == f"{root}/c/default/raycluster/full/{SESSION}/#/overview"
    assert page.run("fetch('/enter_cluster/default/rayjob/myjob').then(answer => answer.json())")["session"] == SESSION
    page.go(f"{root}/#/overview")
    page.wait_for("Recent jobs", "raysubmit_bad")
    for route in ("jobs", f"jobs/02000000/tasks/{RETRIED}", "actors", f"logs/?nodeId={NODE}"):
        look_at(page, root, *next(entry for entry in PAGES if entry[0] == route))
    look_at(page, root, "platform-events", [], ["1 events", "KUBERNETES/kubelet", "Pod/full-head", "OOMKilling"])


# The longest names that Kubernetes and KubeRay take, without a place to break them.
LONG = "n" * 63
LONG_OWNER = "o" * 63
WIDTHS = {"screen": 1400, "phone": 390}


def names_of_sessions(folder, place, days):
    (folder / "cluster-metadata" / place).mkdir(parents=True)
    for day in days:
        (folder / "cluster-metadata" / place / f"session_2026-{day // 28 + 1:02}-{day % 28 + 1:02}_04-00-00_000000_1").touch()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_list_fits_the_screen_with_the_longest_names(serve, tmp_path, browser, dashboard_files, width):
    bucket = tmp_path / "bucket"
    names_of_sessions(bucket, f"rayservice/{LONG}_{LONG_OWNER}_{LONG}", range(3))
    page = browser.open("about:blank")
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
    page.go(f"http://127.0.0.1:{serve(bucket, DASHBOARD_DIR=dashboard_files).port}/select_cluster")
    page.wait_for("3 of 3 sessions", LONG, LONG_OWNER)
    assert page.run("innerWidth") == width
    assert page.run("document.documentElement.scrollWidth") <= width
    beyond = """[...document.querySelectorAll('body *')].filter(each => {
        const place = each.getBoundingClientRect();
        return place.width > 0 && (place.right > innerWidth || place.left < 0 || each.scrollWidth > each.clientWidth + 1
                                   && getComputedStyle(each).display !== 'inline');
    }).map(each => each.outerHTML.slice(0, 200))"""
    assert page.run(beyond) == []
    assert page.mistakes == []


def test_filter_and_page_are_in_the_address_and_times_have_their_zone(serve, tmp_path, browser, dashboard_files):
    bucket = tmp_path / "bucket"
    names_of_sessions(bucket, "raycluster/default_many", range(120))
    names_of_sessions(bucket, "raycluster/default_other", range(1))
    root = f"http://127.0.0.1:{serve(bucket, DASHBOARD_DIR=dashboard_files).port}/select_cluster"
    page = browser.open(f"{root}?filter=many&page=2")
    page.wait_for("120 of 121 sessions", "Page 2 of 3")
    assert page.run("document.querySelector('#filter').value") == "many"
    assert page.run("document.querySelector('#rows time').textContent") == "2026-03-14T04:00:00Z"
    page.click("Next")
    page.wait_for("Page 3 of 3")
    assert page.run("location.search") == "?filter=many&page=3"
    page.run("history.back()")
    page.wait_for("Page 2 of 3")
    page.run("""(() => { const filter = document.querySelector('#filter');
                         filter.value = 'other'; filter.dispatchEvent(new Event('input')); })()""")
    page.wait_for("1 of 121 sessions", "Page 1 of 1")
    assert page.run("location.search") == "?filter=other"
    # What is no number is the first page, and what is beyond the last one is the last.
    for asked, shown in (("x", "Page 1 of 3"), ("0", "Page 1 of 3"), ("99", "Page 3 of 3")):
        page.go(f"{root}?page={asked}")
        page.wait_for("121 of 121 sessions", shown)
    assert page.mistakes == []


def test_a_session_whose_driver_was_silent(serve, recorded_a, browser, dashboard_files):
    base = f"http://127.0.0.1:{serve(recorded_a, DASHBOARD_DIR=dashboard_files).port}/c/default/raycluster/a/{SESSION_A}"
    page = open_dashboard(browser, base)
    for route, clicks, texts in PAGES_A:
        look_at(page, base, route, clicks, texts)


def test_datasets_out_of_export_files(serve, tmp_path, browser, dashboard_files):
    """They do not tell how much went through a dataset, and its table shows them nevertheless."""
    with tarfile.open(ROOT / "tests" / "data" / "recordings" / "exports" / "session.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    bucket = tmp_path / "session" / "bucket"
    (session,) = bucket.glob("cluster-history/raycluster/default/recorded/session_*")
    base = f"http://127.0.0.1:{serve(bucket, DASHBOARD_DIR=dashboard_files).port}/c/default/raycluster/recorded/{session.name}"
    page = open_dashboard(browser, base)
    datasets = page.run(f"fetch('{base}/api/data/datasets/01000000').then(answer => answer.json())")["datasets"]
    assert [dataset["state"] for dataset in datasets] == ["FAILED", "FINISHED"]
    look_at(page, base, "jobs/01000000", ["Ray Data Overview"], ["Ray Data Overview", *(dataset["dataset"] for dataset in datasets)])


def node_died():
    """As Ray exports it."""
    return {
        "eventId": "ZGllZA==", "sourceType": "GCS", "eventType": "NODE_LIFECYCLE_EVENT", "sessionName": SESSION,
        "timestamp": "2026-11-23T03:28:00Z", "severity": "INFO", "message": "",
        "nodeLifecycleEvent": {
            "nodeId": base64.b64encode(bytes.fromhex(NODE)).decode(),
            "stateTransitions": [{"state": "DEAD", "timestamp": "2026-11-23T03:28:00Z",
                                  "deathInfo": {"reason": "UNEXPECTED_TERMINATION", "reasonMessage": "lost"}}],
        },
    }  # fmt: skip


def test_the_logs_of_a_dead_node_are_reached_from_both_pages(serve, bucket, browser, dashboard_files):
    (folder,) = bucket.glob(f"cluster-history/*/*/*/*/{SESSION}/{NODE}/node_events")
    (folder / f"{NODE}-2026-11-23-04.jsonl").write_text(json.dumps(node_died()))
    base = f"http://127.0.0.1:{serve(bucket, DASHBOARD_DIR=dashboard_files).port}{BASE}"
    page = open_dashboard(browser, base)
    look_at(page, base, "cluster", [], ["DEAD", NODE, "Log"])
    page.run(f"document.querySelector('a[href$=\"/logs/?nodeId={NODE}\"]').click()")
    page.wait_for("raylet.out", "job-driver-raysubmit_bad.log")
    look_at(page, base, "logs", [], ["Select a node to view logs", NODE])
    # API users are told what is true.
    (node,) = page.run(f"fetch('{BASE}/nodes?view=summary').then(answer => answer.json())")["data"]["summary"]
    assert node["raylet"]["state"] == "DEAD"


def test_an_ended_session_looks_ended(serve, bucket, browser, dashboard_files):
    for path in bucket.rglob("*"):
        os.utime(path, (1_795_500_000, 1_795_500_000))
    server = serve(bucket, DASHBOARD_DIR=dashboard_files)
    base = f"http://127.0.0.1:{server.port}{BASE}"
    summary = server.ask(f"{BASE}/api/history/session").json()
    assert summary == {
        "namespace": "default", "cluster": "full", "owner_kind": "rayjob", "owner_name": "myjob", "session": SESSION,
        "last_seen_ms": summary["last_seen_ms"], "last_stored_ms": 1_795_500_000_000, "has_ended": True, "partial_failure": "",
        "unknown_events": {"total": 0, "of_type": {}},
    }  # fmt: skip
    page = open_dashboard(browser, base)
    page.wait_for("this session has ended: last seen 2026-11-23 03:2", "default/full", SESSION, "all sessions")
    picture(page, "banner", 400)
    assert page.run("Date.now()") == page.run("new Date().getTime()") == summary["last_seen_ms"]
    assert page.run("new Date(5).getTime()") == 5 and page.run("new Date() instanceof Date") is True
    page.click("all sessions")
    page.wait_for("1 of 1 sessions")


def test_a_session_that_is_being_stored_does_not_look_ended(serve, bucket, browser, dashboard_files):
    """Its clocks go on: it may still run."""
    for path in bucket.rglob("*"):
        os.utime(path)
    server = serve(bucket, DASHBOARD_DIR=dashboard_files)
    assert server.ask(f"{BASE}/api/history/session").json()["has_ended"] is False
    page = open_dashboard(browser, f"http://127.0.0.1:{server.port}{BASE}")
    page.wait_for("stored while it runs: last seen 2026-11-23 03:2")
    assert abs(page.run("Date.now()") - time.time() * 1000) < 60_000
