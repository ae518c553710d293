"""Each of our sources of Oracle's credentials asks what the vendor's SDK (PyPI oci) asks of the same issuer, and what
comes of it is the same."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import oci
import pytest
from cryptography.hazmat.primitives import serialization
from harness.oci_gateway import PASS_PHRASE, OciInstance, OciProxymux, fingerprint_of, new_key, pem_of, session_token

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("RAYHISTORY_BIN_DIR", ROOT / "build" / "release" / "bin")) / "oci_token_for_test"

# The SDK, with the same environment in a process of its own: it reads it when it is imported.
SDK = """
import os
import sys
import oci

kind = sys.argv[1]
signers = oci.auth.signers
if kind == "instance_principal":
    signer = signers.InstancePrincipalsSecurityTokenSigner(
        federation_endpoint=os.environ["OCI_SDK_AUTH_CLIENT_REGION_URL"] + "/v1/x509")
elif kind == "oke_workload_identity":
    signer = signers.OkeWorkloadIdentityResourcePrincipalSigner(
        sa_token_provider=type("Pod", (), {"get_sa_token": lambda self: open(os.environ["TEST_TOKEN_FILE"]).read()})(),
        sa_cert_path=os.environ["OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"],
        service_host=os.environ["KUBERNETES_SERVICE_HOST"], service_port=os.environ["TEST_PROXYMUX_PORT"],
        region=os.environ["OCI_RESOURCE_PRINCIPAL_REGION"])
elif kind == "resource_principal":
    signer = signers.get_resource_principals_signer()
else:
    config = oci.config.from_file(os.environ["OCI_CONFIG_FILE"])
    print(oci.signer.Signer.from_config(config).api_key)
    print(config["region"])
    sys.exit()
print(signer.api_key)
print(getattr(signer, "region", ""))
"""


def run(command, environment):
    """The key's ID and the region."""
    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    key_id, region = done.stdout.splitlines()[-2:]
    return key_id, region


def both(kind, environment, asked):
    """Runs both, and returns the answer and the requests of each."""
    results = []
    for command in ([PROGRAM], [sys.executable, "-c", SDK, kind]):
        asked.clear()
        results.append((run(command, {"OCI_AUTH_TYPE": kind, **environment}), list(asked)))
    return results


def shape(request):
    """A request without what is new each time: keys, and the signature over them."""
    method, path, headers, body = request
    headers = {name.lower(): value for name, value in headers.items()}
    authorization = re.sub(r'signature="[^"]*"', "", headers.get("authorization", ""))
    told = json.loads(body) if body else {}
    sizes = {name: len(base64.b64decode(told[name])) for name in ("publicKey", "podKey") if name in told}
    rest = {name: value for name, value in told.items() if name not in sizes}
    return method, path, authorization, headers.get("content-type") if body else None, sizes, rest


@pytest.fixture
def instance():
    server = OciInstance()
    yield server
    server.stop()


@pytest.fixture
def proxymux(tmp_path):
    server = OciProxymux(tmp_path)
    yield server
    server.stop()


@pytest.mark.parametrize("region", ["fra", "us-gov-ashburn-1"])
def test_an_instance_principal_asks_what_the_sdk_asks(instance, region):
    instance.region = region
    environment = {"OCI_METADATA_BASE_URL": f"{instance.origin}/opc/v2", "OCI_SDK_AUTH_CLIENT_REGION_URL": instance.origin}
    (ours, our_requests), (theirs, their_requests) = both("instance_principal", environment, instance.asked)
    assert ours[1] == theirs[1]
    assert ours[0].startswith("ST$") and theirs[0].startswith("ST$")
    # The SDK looks at the certificate more than once before it exchanges it.
    assert {repr(shape(request)) for request in our_requests} == {repr(shape(request)) for request in their_requests}


def test_a_region_that_is_new_is_asked_for_its_realm(instance):
    instance.region = "xxn"
    environment = {"OCI_METADATA_BASE_URL": f"{instance.origin}/opc/v2", "OCI_SDK_AUTH_CLIENT_REGION_URL": instance.origin}
    assert run([PROGRAM], {"OCI_AUTH_TYPE": "instance_principal", **environment})[1] == "xx-new-1"


def proxymux_environment(proxymux, tmp_path):
    (tmp_path / "token").write_text(proxymux.pod_token)
    return {
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "TEST_PROXYMUX_PORT": str(proxymux.port),
        "TEST_TOKEN_FILE": str(tmp_path / "token"),
        "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": str(proxymux.ca_file),
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_REGION": "eu-frankfurt-1",
    }


def test_workload_identity_asks_what_the_sdk_asks(proxymux, tmp_path):
    environment = proxymux_environment(proxymux, tmp_path)
    (ours, our_requests), (theirs, their_requests) = both("oke_workload_identity", environment, proxymux.asked)
    assert ours[1] == theirs[1] == "eu-frankfurt-1"
    assert ours[0].startswith("ST$ey") and theirs[0].startswith("ST$ey")
    assert [shape(request) for request in our_requests] == [shape(request) for request in their_requests]
    assert all("opc-request-id" in headers for _, _, headers, _ in our_requests)


def test_workload_identity_trusts_the_clusters_authority_alone(proxymux, tmp_path):
    environment = proxymux_environment(proxymux, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    stranger = OciProxymux(other)
    stranger.stop()
    environment["OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"] = str(stranger.ca_file)
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "certificate" in done.stderr and "OKE's proxymux https://127.0.0.1" in done.stderr
    assert proxymux.asked == [], "no token was sent"


def test_workload_identity_says_what_a_refusal_is_about(proxymux, tmp_path):
    environment = proxymux_environment(proxymux, tmp_path)
    (tmp_path / "token").write_text("another-token")
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "status 403" in done.stderr and "enhanced cluster" in done.stderr
    assert "another-token" not in done.stderr


@pytest.mark.parametrize("in_files", [False, True])
def test_a_resource_principal_is_read_as_the_sdk_reads_it(tmp_path, in_files):
    token, pem = session_token(3600), pem_of(new_key()).decode()
    if in_files:
        (tmp_path / "rpst").write_text(token)
        (tmp_path / "pem").write_text(pem)
    environment = {
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(tmp_path / "rpst") if in_files else token,
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(tmp_path / "pem") if in_files else pem,
        "OCI_RESOURCE_PRINCIPAL_REGION": "uk-london-1",
    }
    (ours, _), (theirs, _) = both("resource_principal", environment, [])
    assert ours == theirs == (f"ST${token}", "uk-london-1")


def test_an_api_key_is_read_as_the_sdk_reads_it(tmp_path):
    key = new_key()
    (tmp_path / "key.pem").write_bytes(pem_of(key, PASS_PHRASE))
    (tmp_path / "config").write_text(
        "# a comment\n[DEFAULT]\nuser = ocid1.user.oc1..u\ntenancy=ocid1.tenancy.oc1..t\nregion=us-phoenix-1\n"
        f"fingerprint={fingerprint_of(key)}\nkey_file={tmp_path}/key.pem\npass_phrase={PASS_PHRASE}\nlog_requests=false\n"
    )
    (ours, _), (theirs, _) = both("api_key", {"OCI_CONFIG_FILE": str(tmp_path / "config")}, [])
    assert ours == theirs
    assert serialization.load_pem_private_key(pem_of(key), None)


def test_regions_have_the_addresses_that_the_sdk_gives_them():
    short_names = list(oci.regions.REGIONS_SHORT_NAMES)
    names = [*oci.regions.REGIONS, *short_names, "mars-new-1"]
    done = subprocess.run([PROGRAM, "regions"], input="\n".join(names), capture_output=True, text=True, check=True)
    template = "https://objectstorage.{region}.{secondLevelDomain}"

    def theirs(name):
        long_name = oci.regions.REGIONS_SHORT_NAMES.get(name, name)
        return oci.regions.endpoint_for("object_storage", long_name, None, template, "objectstorage")

    assert done.stdout.splitlines() == [theirs(name) for name in names]
