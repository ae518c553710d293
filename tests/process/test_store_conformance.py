"""The conformance suite of all stores (src/store/conformance_test.cpp), over a real MinIO too."""

import os
import subprocess
from pathlib import Path

from harness.collector import ROOT, clean_environment
from live.minio_server import PASSWORD, USER

PROGRAMS = Path(os.environ.get("RAYHISTORY_BIN_DIR", ROOT / "build" / "release" / "bin"))


def test_the_stores_conform_and_none_is_skipped(minio):
    run = subprocess.run(
        [PROGRAMS / "store_test", "--gtest_filter=*Conformance*", "--gtest_brief=1"],
        env={
            **clean_environment(),
            "RAYHISTORY_TEST_S3_ENDPOINT": minio.endpoint,
            "RAYHISTORY_TEST_S3_ACCESS_KEY": USER,
            "RAYHISTORY_TEST_S3_SECRET_KEY": PASSWORD,
        },
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "SKIPPED" not in run.stdout
    assert "PASSED" in run.stdout
