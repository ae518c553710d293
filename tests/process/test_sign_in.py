"""Signing in to a real MinIO with credentials that are handed out, and renewed while the collector runs."""

import pytest
from harness.collector import run_collector
from harness.temporary_keys import ExpiringStore, KeyIssuer, temporary_keys
from live.minio_server import PASSWORD, USER
from live.waiting import wait_until


@pytest.fixture
def keyless_store(minio_store):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del minio_store.environment[name]
    minio_store.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    return minio_store


@pytest.fixture
def expiring(minio):
    server = ExpiringStore(minio)
    yield server
    server.stop()


@pytest.fixture
def issuer(minio):
    server = KeyIssuer(temporary_keys(minio))
    yield server
    server.stop()


def test_keys_that_expire_under_way_are_renewed_through_an_outage_of_their_issuer(
    make_collector, keyless_store, node, minio, expiring, issuer
):
    first, second = issuer.keys, temporary_keys(minio)
    node.start()
    node.write_log("raylet.out", b"one\n")
    collector = make_collector(
        keyless_store,
        S3_ENDPOINT=f"127.0.0.1:{expiring.port}",
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{issuer.origin}/v1/credentials",
    ).start()

    def is_stored():
        return keyless_store.judge().logs(node.session, node.node_id) == node.log_files()

    wait_until(is_stored, "the first line")
    assert issuer.asked == 1, "sixteen workers share what one of them asked for"

    issuer.is_away = True
    node.append_log("raylet.out", b"two\n")
    wait_until(is_stored, "the second line, though the issuer is away: the keys are good")

    expiring.expire(first)
    node.append_log("raylet.out", b"three\n")
    wait_until(lambda: issuer.asked_in_vain > 0, "the issuer to be asked in vain")
    collector.wait_for_log("the store refuses what is asked of it")
    issuer.keys = second
    issuer.is_away = False
    wait_until(is_stored, "the third line, once the issuer is back")
    collector.stop()
    assert expiring.served == {first["AccessKeyId"], second["AccessKeyId"]}
    for keys in (first, second):
        assert keys["SecretAccessKey"] not in collector.log()
        assert keys["SessionToken"] not in collector.log()


def test_a_role_is_taken_from_minios_own_token_service(keyless_store, minio, tmp_path):
    config = tmp_path / "config"
    config.write_text(
        "[profile collector]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = root\n"
        f"[profile root]\naws_access_key_id = {USER}\naws_secret_access_key = {PASSWORD}\n"
    )
    run = run_collector(
        "--check",
        **keyless_store.environment,
        RAY_CLUSTER_NAME="test",
        AWS_CONFIG_FILE=str(config),
        AWS_PROFILE="collector",
        AWS_ENDPOINT_URL_STS=f"http://{minio.endpoint}",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    expected = f"credentials: role arn:aws:iam::1:role/x from http://{minio.endpoint}, for profile root in {config}\n"
    assert expected in run.stdout


def test_without_any_credentials_every_place_is_named(keyless_store, tmp_path):
    run = run_collector("--check", **{**keyless_store.environment, "RAY_CLUSTER_NAME": "test", "HOME": str(tmp_path)})
    assert run.returncode == 2
    for place in ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", f"{tmp_path}/.aws/credentials"):
        assert place in run.stderr
