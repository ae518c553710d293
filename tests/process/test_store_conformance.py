"""The conformance suite of all stores (src/store/conformance_test.cpp), over real servers too."""

import os
import subprocess
from pathlib import Path

from harness.collector import ROOT, clean_environment
from harness.oci_gateway import COMPARTMENT
from live.minio_server import PASSWORD, USER

# fake-gcs-server ignores preconditions of compose and rewrite; the model of it in src/testing does not.
EMULATORS_DEVIATIONS = 3
PROGRAMS = Path(os.environ.get("RAYHISTORY_BIN_DIR", ROOT / "build" / "release" / "bin"))


def conform(tests, declared_deviations=0, **servers):
    run = subprocess.run(
        [PROGRAMS / "store_test", f"--gtest_filter=*Conformance*{tests}", "--gtest_brief=1"],
        env={**clean_environment(), **servers},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    # Only what the suite declares itself.
    assert run.stdout.count(": Skipped\n") == run.stdout.count("\ndeclared deviation: ") == declared_deviations
    assert "PASSED" in run.stdout and " 0 tests" not in run.stdout


def test_the_local_stores_conform():
    conform("/LocalFolder", 3)
    conform("/Memory")


def test_s3_conforms_on_minio(minio):
    conform(
        "/S3",
        RAYHISTORY_TEST_S3_ENDPOINT=minio.endpoint,
        RAYHISTORY_TEST_S3_ACCESS_KEY=USER,
        RAYHISTORY_TEST_S3_SECRET_KEY=PASSWORD,
    )


def test_google_cloud_storage_conforms_on_a_model_and_on_its_emulator(fake_gcs):
    conform("/GcsModel")
    conform("/GcsEmulator", EMULATORS_DEVIATIONS, RAYHISTORY_TEST_GCS_HOST=fake_gcs.endpoint)


def test_alibaba_oss_conforms_on_a_model():
    conform("/OssModel", 2)


def test_oracle_object_storage_conforms_on_a_model_and_on_a_gateway(oci_gateway):
    conform("/OciModel")
    refused_before = len(oci_gateway.refused)
    conform(
        "/OciGateway",
        RAYHISTORY_TEST_OCI_ENDPOINT=oci_gateway.origin,
        RAYHISTORY_TEST_OCI_CONFIG_FILE=str(oci_gateway.config_file),
        RAYHISTORY_TEST_OCI_COMPARTMENT=COMPARTMENT,
    )
    assert not set(oci_gateway.refused[refused_before:]) & {"NotAuthenticated", "UnmatchedContentMD5"}


def test_azure_blob_conforms_on_azurite(azurite):
    conform("/Azure", 3, RAYHISTORY_TEST_AZURE_CONNECTION_STRING=azurite.connection_string())


def test_azure_blob_conforms_with_a_shared_access_signature(azurite):
    # Not those of thousands of requests, which are the same with any credentials.
    conform(
        "/Azure:-*PageByPage*:*ManyThreads*:*ManyTimes*",
        3,
        RAYHISTORY_TEST_AZURE_CONNECTION_STRING=azurite.connection_string_with_signature(),
    )
