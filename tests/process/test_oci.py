"""The collector and Oracle's Object Storage, by a gateway that verifies each signature; what is stored is listed and read with
the vendor's own SDK (PyPI oci), which also judges the gateway. `on_every_store` runs here
as well."""

import io
import time
import uuid

import oci
import pytest
from harness.collector import run_collector
from harness.node import SESSION
from harness.oci_gateway import COMPARTMENT, NAMESPACE, OciInstance, new_key, pem_of, session_token
from harness.stores import Store
from live.stored import StoredInOci
from live.waiting import wait_until
from oci.exceptions import ServiceError

MEBIBYTE = 1024 * 1024
# Shorter than the lag of one round: a few of them end under way.
TOKENS_ARE_GOOD_FOR_SECONDS = 1.5


def stored_logs(store, node):
    return store.judge().logs(node.session, node.node_id)


def without(environment, *names):
    return {name: value for name, value in environment.items() if name not in names}


@pytest.fixture
def bucket(oci_gateway):
    name = f"test-{uuid.uuid4().hex}"
    details = oci.object_storage.models.CreateBucketDetails(name=name, compartment_id=COMPARTMENT)
    oci_gateway.client().create_bucket(NAMESPACE, details)
    return name


@pytest.fixture
def instance(oci_gateway):
    server = OciInstance(oci_gateway, TOKENS_ARE_GOOD_FOR_SECONDS)
    yield server
    server.stop()


# --- the gateway, judged by the vendor's SDK ---


def test_the_gateway_does_what_the_sdk_expects(oci_gateway, bucket):
    client = oci_gateway.client()
    assert client.get_namespace().data == NAMESPACE
    put = client.put_object(NAMESPACE, bucket, "a/b c?", b"0123456789", content_type="text/plain", opc_meta={})
    head = client.head_object(NAMESPACE, bucket, "a/b c?").headers
    assert head["etag"] == put.headers["etag"] and head["content-length"] == "10"
    part = client.get_object(NAMESPACE, bucket, "a/b c?", range="bytes=7-100")
    assert (part.status, part.data.content, part.headers["content-range"]) == (206, b"789", "bytes 7-9/10")
    for name in ("a/1", "a/2", "a/3"):
        client.put_object(NAMESPACE, bucket, name, b"")
    page = client.list_objects(NAMESPACE, bucket, prefix="a/", limit=2, fields="name,size,etag,timeModified").data
    assert [(entry.name, entry.size) for entry in page.objects] == [("a/1", 0), ("a/2", 0)]
    assert page.next_start_with == "a/3" and page.objects[0].time_modified is not None
    rest = client.list_objects(NAMESPACE, bucket, prefix="a/", start=page.next_start_with).data
    assert [entry.name for entry in rest.objects] == ["a/3", "a/b c?"] and rest.next_start_with is None
    manager = oci.object_storage.UploadManager(client, allow_parallel_uploads=False)
    content = bytes(range(256)) * 8192
    manager.upload_stream(NAMESPACE, bucket, "large", io.BytesIO(content), part_size=MEBIBYTE)
    assert client.get_object(NAMESPACE, bucket, "large").data.content == content
    assert client.list_multipart_uploads(NAMESPACE, bucket).data == []
    client.delete_object(NAMESPACE, bucket, "large")


@pytest.mark.parametrize(
    ("status", "code", "call"),
    [
        (404, "ObjectNotFound", lambda client, bucket: client.get_object(NAMESPACE, bucket, "none")),
        (404, "BucketNotFound", lambda client, _: client.get_object(NAMESPACE, "none", "k")),
        (404, "NamespaceNotFound", lambda client, bucket: client.get_object("none", bucket, "k")),
        (412, "IfMatchFailed", lambda client, bucket: client.put_object(NAMESPACE, bucket, "k", b"", if_match="another")),
        (412, "IfNoneMatchFailed", lambda client, bucket: [
            client.put_object(NAMESPACE, bucket, "k", b"", if_none_match="*") for _ in range(2)]),
        (400, "UnmatchedContentMD5", lambda client, bucket: client.put_object(
            NAMESPACE, bucket, "k", b"x", content_md5="1B2M2Y8AsgTpgAmY7PhCfg==")),
        (409, "BucketAlreadyExists", lambda client, bucket: client.create_bucket(
            NAMESPACE, oci.object_storage.models.CreateBucketDetails(name=bucket, compartment_id=COMPARTMENT))),
    ],
)  # fmt: skip
def test_the_gateway_refuses_as_oracle_documents_it(oci_gateway, bucket, status, code, call):
    with pytest.raises(ServiceError) as refusal:
        call(oci_gateway.client(), bucket)
    assert (refusal.value.status, refusal.value.code) == (status, code)


def test_the_gateway_takes_no_signature_of_another_key(oci_gateway, bucket):
    config = {**without(oci_gateway.config, "key_file", "pass_phrase"), "key_content": pem_of(new_key()).decode()}
    client = oci.object_storage.ObjectStorageClient(
        config, service_endpoint=oci_gateway.origin, retry_strategy=oci.retry.NoneRetryStrategy()
    )
    with pytest.raises(ServiceError) as refusal:
        client.head_bucket(NAMESPACE, bucket)
    assert refusal.value.status == 401


# --- the collector ---


def test_a_log_grows_and_rotates_and_reads_back_byte_for_byte(make_collector, oci_store, node):
    node.start()
    node.write_log("raylet.out", b"".join(b"%07d\n" % line for line in range(MEBIBYTE // 4)))
    collector = make_collector(oci_store).start()
    wait_until(lambda: stored_logs(oci_store, node) == node.log_files(), "the log")
    key = oci_store.judge().below(node.session, node.node_id, "logs")["raylet.out"]
    first = oci_store.stored.head(key)["etag"]
    node.append_log("raylet.out", b"the tail\n" * 1000)
    wait_until(lambda: stored_logs(oci_store, node) == node.log_files(), "its tail")
    after = oci_store.stored.head(key)
    assert after["etag"] != first and after["content-type"] == "text/plain; charset=utf-8"
    (node.logs / "raylet.out").rename(node.logs / "raylet.out.1")
    node.write_log("raylet.out", b"the next generation\n")
    whole = (node.logs / "raylet.out.1").read_bytes()
    wait_until(
        lambda: sorted(stored_logs(oci_store, node).values(), key=len) == [b"the next generation\n", whole],
        "both generations",
    )
    collector.stop()
    assert oci_store.stored.unfinished() == []
    oci_store.judge().keys()


def test_a_collector_that_is_killed_in_an_upload_leaves_it_to_its_successor(make_collector, oci_gateway, oci_store, node):
    node.start()
    node.write_log("raylet.out", bytes(range(256)) * (80 * MEBIBYTE // 256))  # above what is sent in one request
    collector = make_collector(oci_store).start()
    uploads = oci_gateway.buckets

    def has_begun():
        found = uploads.get(oci_store.stored.bucket)
        return found is not None and any(upload.parts for upload in list(found.uploads.values()))

    wait_until(has_begun, "the first part", 30)
    collector.kill()
    bucket = uploads[oci_store.stored.bucket]
    assert len(bucket.uploads) == 1
    details = oci.object_storage.models.CreateMultipartUploadDetails(
        object=f"cluster-history/raycluster/default/test/{SESSION}/{'f' * 56}/logs/raylet.out"
    )
    oci_gateway.client().create_multipart_upload(NAMESPACE, oci_store.stored.bucket, details)
    collector.start()
    wait_until(lambda: stored_logs(oci_store, node) == node.log_files(), "the log", 60)
    collector.stop()
    assert oci_store.stored.unfinished() == [details.object], "another node's is its own"


def test_tokens_of_an_instance_that_end_in_the_middle_of_a_run_are_renewed(
    make_collector, oci_gateway, oci_store, instance, node, tmp_path
):
    environment = without(oci_store.environment, "OCI_CONFIG_FILE") | {
        "OCI_CONFIG_FILE": str(tmp_path / "none"),
        "OCI_METADATA_BASE_URL": f"{instance.origin}/opc/v2",
        "OCI_SDK_AUTH_CLIENT_REGION_URL": instance.origin,
    }
    store = Store(environment, oci_store.stored)
    refused_before = len(oci_gateway.refused)
    node.start()
    node.write_log("raylet.out", b"begin\n")
    collector = make_collector(store).start()
    deadline = time.monotonic() + 30

    def exchanges():
        return [path for _, path, _, _ in instance.asked].count("/v1/x509")

    while exchanges() < 3:
        assert time.monotonic() < deadline, collector.log()
        node.append_log("raylet.out", b"another line\n")
        wait_until(lambda: stored_logs(store, node) == node.log_files(), "the line", 20)
    collector.stop()
    assert stored_logs(store, node) == node.log_files()
    assert "NotAuthenticated" in oci_gateway.refused[refused_before:]
    assert "store unreachable" not in collector.log()
    assert "ST$" not in collector.log() and "PRIVATE" not in collector.log()


def test_a_session_token_is_read_anew_from_its_file(make_collector, oci_gateway, oci_store, node, tmp_path):
    key = new_key()
    (tmp_path / "key.pem").write_bytes(pem_of(key))

    def begin_session(seconds):
        token = session_token(3600)
        oci_gateway.add_key(f"ST${token}", key.public_key(), time.time() + seconds)
        (tmp_path / "token").write_text(token)

    begin_session(2)
    (tmp_path / "config").write_text(
        f"[DEFAULT]\nuser=another\n\n[session]\ntenancy=t\nfingerprint=0a\nregion=fra\nkey_file={tmp_path}/key.pem\n"
        f"security_token_file={tmp_path}/token\n"
    )
    environment = {**oci_store.environment, "OCI_CONFIG_FILE": str(tmp_path / "config"), "OCI_CONFIG_PROFILE": "session"}
    store = Store(environment, oci_store.stored)
    node.start()
    node.write_log("raylet.out", b"begin\n")
    collector = make_collector(store).start()
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "the log")
    time.sleep(2)
    node.append_log("raylet.out", b"more\n")
    collector.wait_for_log("oci session refresh")
    begin_session(3600)
    wait_until(lambda: stored_logs(store, node) == node.log_files(), "the line, with the new session", 40)
    collector.stop()


# --- collector --check ---


def check(environment):
    run = run_collector("--check", RAY_CLUSTER_NAME="test", **environment)
    return run.returncode, run.stdout + run.stderr


def test_check_finds_the_profile_makes_the_bucket_and_shows_no_secret(oci_gateway, oci_store):
    status, text = check(oci_store.environment)
    assert status == 0, text
    assert f"credentials: profile DEFAULT (OCI_CONFIG_PROFILE) in {oci_gateway.config_file}" in text
    assert oci_gateway.config["pass_phrase"] not in text and "PRIVATE" not in text
    assert StoredInOci(oci_gateway.client(), oci_store.stored.bucket).sizes() == {}, "the probe is removed"


@pytest.mark.parametrize("is_hidden", [False, True])
def test_check_says_both_reasons_of_a_missing_bucket(oci_gateway, bucket, is_hidden):
    environment = without(oci_gateway.collector_environment(bucket), "OCI_COMPARTMENT_ID")
    if is_hidden:
        oci_gateway.hidden.add(bucket)
    else:
        environment["OCI_BUCKET"] = "no-such-bucket"
    status, text = check(environment)
    assert status == 1
    assert "404 BucketNotFound" in text and "is missing, or profile DEFAULT" in text
    assert "Allow group GROUP to manage objects" in text and "OCI_COMPARTMENT_ID" in text


def test_check_names_a_wrong_pass_phrase_without_showing_it(oci_gateway, bucket, tmp_path):
    config = oci_gateway.config_file.read_text().replace(oci_gateway.config["pass_phrase"], "s3cret")
    (tmp_path / "config").write_text(config)
    environment = {**oci_gateway.collector_environment(bucket), "OCI_CONFIG_FILE": str(tmp_path / "config")}
    status, text = check(environment)
    assert status == 1
    assert "the private key is encrypted, and the pass phrase is wrong" in text and "s3cret" not in text


def test_check_says_what_to_look_at_where_the_signature_is_not_taken(oci_gateway, bucket, tmp_path):
    (tmp_path / "key.pem").write_bytes(pem_of(new_key()))
    config = oci_gateway.config_file.read_text().replace(str(oci_gateway.key_file), str(tmp_path / "key.pem"))
    (tmp_path / "config").write_text(config)
    environment = {**oci_gateway.collector_environment(bucket), "OCI_CONFIG_FILE": str(tmp_path / "config")}
    status, text = check(environment)
    assert status == 1
    assert "401 NotAuthenticated" in text and "fingerprint" in text and "clock" in text


def test_check_notes_what_costs_money_or_history(oci_gateway, bucket):
    settings = oci_gateway.buckets[bucket]
    settings.versioning = "Enabled"
    settings.lifecycle = [
        {"name": "old", "action": "DELETE", "timeAmount": 30, "timeUnit": "DAYS", "isEnabled": True, "target": "objects"}
    ]
    status, text = check(oci_gateway.collector_environment(bucket))
    assert status == 0, text
    assert "is versioned" in text and "the lifecycle rule old" in text


def test_the_settings_may_come_from_a_file(oci_gateway, bucket, tmp_path):
    environment = oci_gateway.collector_environment(bucket)
    config = (
        f'{{"ociBucket": "{bucket}", "ociNamespace": "{NAMESPACE}", "ociRegion": "eu-frankfurt-1", "ociAuthType": "api_key", '
        f'"ociConfigFile": "{oci_gateway.config_file}", "ociConfigProfile": "DEFAULT", "ociCompartmentId": "{COMPARTMENT}"}}'
    )
    (tmp_path / "storage.json").write_text(config)
    status, text = check(
        {
            "STORAGE_BACKEND": "oci",
            "OCI_ENDPOINT": environment["OCI_ENDPOINT"],
            "STORAGE_BACKEND_CONFIG_PATH": str(tmp_path / "storage.json"),
        }
    )
    assert status == 0, text
    assert "credentials: API key of the profile DEFAULT" in text
