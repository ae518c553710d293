"""The collector and Alibaba Cloud OSS, by a gateway to MinIO that verifies each signature with the vendor's own SDK; what is
stored is listed and read with that SDK too. What each store does in its own way, `on_every_store` runs here as well."""

import time
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from alibabacloud_credentials.provider.oidc import OIDCRoleArnCredentialsProvider
from harness.collector import run_collector
from harness.oss_gateway import AlibabaTokenService
from harness.stores import Store
from live.stored import StoredInOss
from live.waiting import wait_until
from Tea.core import TeaCore

ROLE = "acs:ram::1234567890123456:role/ray-history"
PROVIDER = "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123456789abcdef"
# Shorter than the lag of one round: a few of them end under way.
KEYS_ARE_GOOD_FOR_SECONDS = 1.5


class Caught(BaseException):
    """Not an Exception, which the library would wrap."""


def stored_logs(store, node):
    return store.judge().logs(node.session, node.node_id)


@pytest.fixture
def tokens(oss_gateway):
    service = AlibabaTokenService(oss_gateway, KEYS_ARE_GOOD_FOR_SECONDS)
    yield service
    service.stop()


@pytest.fixture
def rrsa_store(oss_gateway, tokens, tmp_path):
    """As ack-pod-identity-webhook leaves a pod."""
    bucket = f"test-{uuid.uuid4().hex}"
    environment = oss_gateway.collector_environment(bucket)
    for name in ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"):
        del environment[name]
    (tmp_path / "token").write_text("the-token-of-the-service-account\n")
    environment |= {
        "ALIBABA_CLOUD_ROLE_ARN": ROLE,
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(tmp_path / "token"),
        "ALIBABA_CLOUD_STS_ENDPOINT": tokens.origin,
    }
    return Store(environment, StoredInOss(oss_gateway.client(), bucket))


def test_a_log_grows_in_place_and_reads_back_byte_for_byte(make_collector, oss_store, node):
    node.start()
    node.write_log("raylet.out", b"".join(b"%07d\n" % line for line in range(750_000)))  # above S3's least part
    collector = make_collector(oss_store).start()
    wait_until(lambda: stored_logs(oss_store, node) == node.log_files(), "the log")
    key = oss_store.judge().below(node.session, node.node_id, "logs")["raylet.out"]
    assert "-" not in oss_store.stored.head(key).etag, "put in one request"
    node.append_log("raylet.out", b"the tail\n" * 1000)
    wait_until(lambda: stored_logs(oss_store, node) == node.log_files(), "its tail")
    assert oss_store.stored.head(key).etag.strip('"').endswith("-2"), "of two parts, the copied one and the tail"
    collector.stop()
    oss_store.judge().keys()


def test_keys_of_a_role_that_end_in_the_middle_of_a_run_are_renewed(
    make_collector, oss_gateway, rrsa_store, tokens, node, tmp_path
):
    refused_before = len(oss_gateway.refused)
    node.start()
    node.write_log("raylet.out", b"begin\n")
    collector = make_collector(rrsa_store).start()
    deadline = time.monotonic() + 30
    while len(tokens.asked) < 3:
        assert time.monotonic() < deadline, collector.log()
        node.append_log("raylet.out", b"another line\n")
        wait_until(lambda: stored_logs(rrsa_store, node) == node.log_files(), "the line", 20)
        (tmp_path / "token").write_text("a-token-that-the-kubelet-renewed")
    collector.stop()
    assert stored_logs(rrsa_store, node) == node.log_files()
    first, *_, last = tokens.asked
    assert {name: first[name] for name in ("Action", "Version", "RoleArn", "OIDCProviderArn", "OIDCToken")} == {
        "Action": "AssumeRoleWithOIDC",
        "Version": "2015-04-01",
        "RoleArn": ROLE,
        "OIDCProviderArn": PROVIDER,
        "OIDCToken": "the-token-of-the-service-account",
    }
    assert last["OIDCToken"] == "a-token-that-the-kubelet-renewed"
    assert set(oss_gateway.refused[refused_before:]) == {"SecurityTokenExpired"}
    assert "store unreachable" not in collector.log()
    for secret in ("secret-", "token-that", "token-of"):
        assert secret not in collector.log()


def test_the_token_service_is_asked_what_the_vendors_library_asks_it(rrsa_store, tokens, monkeypatch):
    settings = {**rrsa_store.environment, "ALIBABA_CLOUD_ROLE_SESSION_NAME": "ray history"}
    run = run_collector("--check", RAY_CLUSTER_NAME="test", **settings)
    assert run.returncode == 0, run.stdout + run.stderr
    asked_by_library = []

    def catch(request, *_):
        asked_by_library.append(request)
        raise Caught

    monkeypatch.setattr(TeaCore, "do_action", catch)
    library = OIDCRoleArnCredentialsProvider(
        role_arn=ROLE,
        oidc_provider_arn=PROVIDER,
        oidc_token_file_path=settings["ALIBABA_CLOUD_OIDC_TOKEN_FILE"],
        role_session_name="ray history",
        sts_endpoint="sts.example",
    )
    with pytest.raises(Caught):
        library.get_credentials()
    asked_by_us = tokens.asked[0]
    asked = asked_by_library[0].query
    for parameters in (asked_by_us, asked):
        when = datetime.strptime(parameters.pop("Timestamp"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        assert abs(datetime.now(timezone.utc) - when) < timedelta(minutes=1)
    # A line's end after the token is of the file, which the library passes on.
    assert asked_by_us == {**asked, "OIDCToken": asked["OIDCToken"].rstrip()}


def test_check_says_which_role_it_has(rrsa_store):
    run = run_collector("--check", RAY_CLUSTER_NAME="test", **rrsa_store.environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"credentials: RRSA: role {ROLE} for the token in " in run.stdout


def test_a_wrong_secret_ends_a_check_with_what_to_look_at(oss_store):
    settings = {**oss_store.environment, "OSS_ACCESS_KEY_SECRET": "another-secret"}
    run = run_collector("--check", RAY_CLUSTER_NAME="test", **settings)
    assert run.returncode == 1
    assert "check OSS_ACCESS_KEY_SECRET" in run.stdout
    assert "another-secret" not in run.stdout + run.stderr
