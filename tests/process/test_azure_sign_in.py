"""Every way to sign in to Azure, with the collector as it is: what it sends to a token service is compared with what
azure-identity, Azure's own library, sends to the same one; and tokens that end in the middle of a run."""

import os
import time
import uuid

import pytest
from azure.core.pipeline.transport import RequestsTransport
from harness.azure_identity import CLIENT, TENANT, AzureGateway, TokenService
from harness.collector import run_collector
from harness.node import SESSION
from harness.stores import Store
from live.stored import StoredInContainer
from live.waiting import wait_until

SCOPE = "https://storage.azure.com/.default"
ASSERTION = "eyJhbGciOiJSUzI1NiJ9.one.two"


@pytest.fixture
def tokens():
    service = TokenService()
    yield service
    service.stop()


@pytest.fixture
def gateway(azurite, tokens):
    service = AzureGateway(azurite, tokens)
    yield service
    service.stop()


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "azure-identity-token"
    path.write_text(ASSERTION)
    return path


@pytest.fixture
def store(azurite, gateway):
    container = f"test-{uuid.uuid4().hex}"
    environment = {
        "STORAGE_BACKEND": "azureblob",
        "AZURE_STORAGE_CONTAINER": container,
        "AZURE_STORAGE_ACCOUNT_URL": f"{gateway.url}/devstoreaccount1",
    }
    return Store(environment, StoredInContainer(azurite.client(), container))


def ways(tokens, token_file):
    """Of each way its variables."""
    application = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_AUTHORITY_HOST": tokens.url}
    return {
        "client secret": {**application, "AZURE_CLIENT_SECRET": "the&secret=+%"},
        "workload identity": {**application, "AZURE_FEDERATED_TOKEN_FILE": str(token_file)},
        "machine": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": tokens.url},
        "one of the machine's": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": tokens.url, "AZURE_CLIENT_ID": CLIENT},
        "app service": {"IDENTITY_ENDPOINT": f"{tokens.url}/msi/token", "IDENTITY_HEADER": "the-header"},
    }


class InTheClear(RequestsTransport):
    """azure-identity speaks with https authorities only; the stand-in has no TLS."""

    def send(self, request, **options):
        request.url = request.url.replace("https://127.0.0.1", "http://127.0.0.1")
        return super().send(request, **options)


def ask_with_azure_identity(variables, monkeypatch):
    from azure.identity import DefaultAzureCredential

    for name in list(os.environ):
        if name.startswith(("AZURE_", "IDENTITY_", "MSI_")):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        secure = value.replace("http://", "https://") if name == "AZURE_AUTHORITY_HOST" else value
        monkeypatch.setenv(name, secure)
    credential = DefaultAzureCredential(
        transport=InTheClear(), disable_instance_discovery=True, exclude_developer_cli_credential=True
    )
    return credential.get_token(SCOPE).token


@pytest.mark.parametrize("way", ["client secret", "workload identity", "machine", "one of the machine's", "app service"])
def test_a_token_is_asked_for_as_azures_own_library_does(tokens, token_file, store, monkeypatch, way):
    variables = ways(tokens, token_file)[way]
    run = run_collector("--check", RAY_CLUSTER_NAME="test", **store.environment, **variables)
    assert run.returncode == 0, run.stdout + run.stderr
    (ours,) = tokens.asked()
    for secret in ("the&secret", "the-header", ASSERTION, "token-1"):
        assert secret not in run.stdout + run.stderr

    assert ask_with_azure_identity(variables, monkeypatch).startswith("token-")
    # The metadata service is first looked for, with a request of half the headers; the last one counts.
    theirs = tokens.asked()[-1]
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    # MSAL asks for client information too, which is for users' accounts.
    assert ours.parameters == [(name, value) for name, value in theirs.parameters if name != "client_info"]
    for header in ("content-type", "metadata", "x-identity-header"):
        assert ours.headers.get(header) == theirs.headers.get(header), header


def test_workload_identity_alone_is_asked_in_its_mode(tokens, token_file, store):
    variables = {**ways(tokens, token_file)["workload identity"], "AZURE_CLIENT_SECRET": "not-asked-for"}
    run = run_collector(
        "--check", RAY_CLUSTER_NAME="test", AZURE_STORAGE_AUTH_MODE="workload_identity", **store.environment, **variables
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"credentials: workload identity of client {CLIENT}, AZURE_FEDERATED_TOKEN_FILE {token_file}\n" in run.stdout
    assert ("client_assertion", ASSERTION) in tokens.asked()[0].parameters


def test_a_refused_identity_ends_the_check_with_the_services_words(tokens, token_file, store):
    tokens.refusal = (401, {"error": "invalid_client", "error_description": "AADSTS700016: no such application"})
    run = run_collector(
        "--check", RAY_CLUSTER_NAME="test", **store.environment, **ways(tokens, token_file)["client secret"]
    )
    assert run.returncode == 1
    assert "AZURE_CLIENT_SECRET" in run.stdout and "AADSTS700016: no such application" in run.stdout
    assert "the&secret" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    "settings, what",
    [
        ({"AZURE_STORAGE_AUTH_MODE": "key"}, "AZURE_STORAGE_AUTH_MODE"),
        ({"AZURE_STORAGE_AUTH_MODE": "connection_string"}, "AZURE_STORAGE_CONNECTION_STRING: is missing"),
        ({"AZURE_STORAGE_AUTH_MODE": "workload_identity"}, "AZURE_FEDERATED_TOKEN_FILE"),
        ({"AZURE_STORAGE_CONNECTION_STRING": "AccountKey=s3cret"}, "AZURE_STORAGE_CONNECTION_STRING"),
        ({"AZURE_STORAGE_ACCOUNT_URL": ""}, "AZURE_STORAGE_ACCOUNT_URL: is missing"),
        ({"AZURE_STORAGE_CONTAINER": "Not_A_Name"}, "AZURE_STORAGE_CONTAINER"),
    ],
)
def test_settings_that_cannot_work_end_it_with_2_and_are_named(settings, what):
    environment = {"STORAGE_BACKEND": "azureblob", "AZURE_STORAGE_ACCOUNT_URL": "https://a.blob.core.windows.net"}
    run = run_collector(RAY_CLUSTER_NAME="test", **{**environment, **settings})
    assert run.returncode == 2, run.stderr
    assert what in run.stderr
    assert "s3cret" not in run.stderr


def test_tokens_that_end_in_the_middle_of_a_run_are_renewed(make_collector, tokens, token_file, gateway, store, node):
    node.start()
    node.write_log("raylet.out", b"one\n")
    variables = ways(tokens, token_file)["workload identity"]
    collector = make_collector(store, PUSH_INTERVAL="200ms", AZURE_STORAGE_AUTH_MODE="workload_identity", **variables)
    collector.start()
    judge = store.judge()

    def stored():
        return judge.logs(SESSION, node.node_id).get("raylet.out", b"")

    wait_until(lambda: stored() == b"one\n", "the log")
    assert len(tokens.asked()) == 1, "one token for all threads"

    token_file.write_text("eyJhbGciOiJSUzI1NiJ9.rotated.two")  # as the kubelet does
    tokens.revoke_all()
    node.append_log("raylet.out", b"two\n")
    wait_until(lambda: stored() == b"one\ntwo\n", "what came after the token's end")
    assert ("client_assertion", "eyJhbGciOiJSUzI1NiJ9.rotated.two") in tokens.asked()[-1].parameters
    assert gateway.refused > 0

    # The token service is away when it is needed, and comes back.
    tokens.refusal = (503, {"error": "temporarily_unavailable"})
    tokens.revoke_all()
    node.append_log("raylet.out", b"three\n")
    asked = len(tokens.asked())
    wait_until(lambda: len(tokens.asked()) > asked, "a question in vain")
    tokens.refusal = None
    wait_until(lambda: stored() == b"one\ntwo\nthree\n", "what came during the outage")
    collector.stop()
    assert "token-" not in collector.log() and "eyJ" not in collector.log()


def test_a_signature_that_ends_in_the_middle_of_a_run_is_told(make_collector, azurite, node):
    container = f"test-{uuid.uuid4().hex}"
    stored_in = StoredInContainer(azurite.client(), container)
    lifetime_seconds = 4
    environment = {
        "STORAGE_BACKEND": "azureblob",
        "AZURE_STORAGE_CONTAINER": container,
        "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string_with_signature(lifetime_seconds),
    }
    ends = time.monotonic() + lifetime_seconds
    node.start()
    node.write_log("raylet.out", b"one\n")
    collector = make_collector(Store(environment, stored_in), PUSH_INTERVAL="200ms", SHUTDOWN_TIMEOUT="1s").start()
    wait_until(lambda: any(key.endswith("raylet.out") for key in stored_in.sizes()), "the log", 3.5)
    wait_until(lambda: time.monotonic() > ends + 1, "the end of the signature's life")
    node.append_log("raylet.out", b"two\n")
    wait_until(lambda: "AZURE_STORAGE_CONNECTION_STRING has expired" in collector.log(), "the refusal")
    assert "sig=" not in collector.log()
    collector.kill()
