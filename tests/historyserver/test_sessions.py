"""Finding, choosing and addressing sessions, with the real program."""

import time

from live.ports import free_port

SESSION = "session_2026-11-23_03-25-19_402666_11"
COOKIES = f"cluster_name=full; cluster_namespace=default; session_name={SESSION}; owner_kind=rayjob; owner_name=myjob"
BASE = f"/c/default/rayjob/myjob/{SESSION}"
ROW = {
    "name": "full",
    "namespace": "default",
    "sessionName": SESSION,
    "createTime": "2026-11-23T03:25:19Z",
    "createTimeStamp": 1795404319,
    "ownerKind": "rayjob",
    "ownerName": "myjob",
}


def test_a_folder_and_a_bucket_show_the_same_session(serve, recorded, bucket_in_minio):
    for server in (serve(recorded), serve(environment=bucket_in_minio)):
        assert server.ask("/clusters").json() == [ROW]
        entered = server.ask("/enter_cluster/default/rayjob/myjob")
        assert entered.json() == {"name": "full", "namespace": "default", "result": "success", "session": SESSION}
        cookies = [cookie.split(";")[0] for cookie in entered.headers.get_all("Set-Cookie")]
        assert "; ".join(cookies) == COOKIES
        by_cookies = server.ask("/api/v0/logs?node_ip=192.0.2.2", Cookie=COOKIES)
        by_address = server.ask(f"{BASE}/api/v0/logs?node_ip=192.0.2.2")
        assert (by_cookies.status, by_cookies.body) == (by_address.status, by_address.body)
        assert by_cookies.headers.get_all("Set-Cookie") and not by_address.headers.get_all("Set-Cookie")


def test_nothing_but_get_and_head_is_taken(serve, recorded):
    server = serve(recorded)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("/api/jobs/", f"{BASE}/api/jobs/01000000", "/api/serve/applications/", "/livez"):
            refused = server.ask(path, method, Cookie=COOKIES)
            assert (refused.status, refused.text()) == (405, "405: Method Not Allowed")
    assert server.ask("/clusters", "HEAD").body == b""


def test_the_dashboards_files_are_served_at_each_address(serve, recorded, tmp_path):
    build = tmp_path / "build"
    (build / "static").mkdir(parents=True)
    (build / "index.html").write_text("<html>")
    (build / "static" / "main.js").write_text("let x")
    server = serve(recorded, DASHBOARD_DIR=str(build))
    for base in ("", BASE):
        index = server.ask(f"{base}/")
        assert (index.status, index.text(), index.headers["Cache-Control"]) == (200, "<html>", "no-store")
        assert server.ask(f"{base}/static/main.js").text() == "let x"
        assert server.ask(f"{base}/static/../../historyserver.log", Cookie=COOKIES).status != 200
    assert server.ask("/", Accept="text/html").headers["Location"] == "select_cluster"


def test_a_new_session_is_found_at_once_and_listed_soon(serve, bucket):
    server = serve(bucket)
    assert len(server.ask("/clusters").json()) == 1
    later = "session_2026-11-24_03-25-19_402666_11"
    (bucket / "cluster-metadata/raycluster/default_other").mkdir(parents=True)
    (bucket / "cluster-metadata/raycluster/default_other" / later).touch()
    time.sleep(1.1)  # what is not there is looked for once a second (session_index.cpp)
    assert server.ask(f"/enter_cluster/default/raycluster/other/{later}").json()["session"] == later
    assert [row["sessionName"] for row in server.ask("/clusters").json()] == [later, SESSION]


def test_ten_thousand_sessions_are_listed(serve, tmp_path):
    markers = tmp_path / "bucket" / "cluster-metadata" / "raycluster" / "default_many"
    markers.mkdir(parents=True)
    for i in range(10_000):
        (markers / f"session_2026-11-23_{i // 3600:02}-{i // 60 % 60:02}-{i % 60:02}_000000_1").touch()
    server = serve(tmp_path / "bucket")
    assert len(server.ask("/clusters").json()) == 10_000


def test_a_store_that_is_away_is_an_error_and_no_empty_list(serve):
    nobody = f"127.0.0.1:{free_port()}"
    server = serve(
        environment={
            "STORAGE_BACKEND": "s3",
            "S3_ENDPOINT": nobody,
            "S3DISABLE_SSL": "true",
            "S3_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "s3cret",
        }
    )
    for path in ("/clusters", "/enter_cluster/default/rayjob/myjob", f"{BASE}/api/v0/tasks"):
        answer = server.ask(path)
        assert answer.status == 502
        assert nobody in answer.text() and "s3cret" not in answer.text()
    assert server.ask("/livez").text() == server.ask("/readyz").text() == server.ask("/readz").text() == "ok"


def test_a_folder_that_is_not_there_is_an_error_that_names_the_setting(serve, tmp_path):
    folder = tmp_path / "mistyped"
    server = serve(folder)
    answer = server.ask("/clusters")
    assert answer.status == 502
    assert f"{folder}: there is no such folder; check LOCAL_STORAGE_DIR (--local-dir)" in answer.text()
    assert not folder.exists(), "nothing is made here"
    folder.mkdir()
    assert server.ask("/clusters").json() == []


def test_it_ends_at_once_and_well(serve, recorded):
    server = serve(recorded)
    server.ask(f"{BASE}/api/v0/logs?node_ip=192.0.2.2")
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 5


def test_the_cluster_page_finds_the_memory_of_each_worker(serve, recorded):
    # The frontend reads memoryInfo.rss of each and shows an empty page where it cannot.
    server = serve(recorded)
    node = server.ask(f"{BASE}/nodes?view=summary").json()["data"]["summary"][0]["raylet"]["nodeId"]
    workers = server.ask(f"{BASE}/nodes/{node}").json()["data"]["detail"]["workers"]
    assert workers and all(worker["memoryInfo"]["rss"] == 0 for worker in workers)
