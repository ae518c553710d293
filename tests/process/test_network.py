"""Private certificate authorities and proxies, on the way to a real MinIO that speaks TLS."""

import subprocess

import pytest
from harness.collector import run_collector
from harness.forward_proxy import ForwardProxy
from harness.servers import tool
from live.minio_server import MinioServer

# No DNS has it: only a proxy leads there.
HOST = "store.example.test"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A folder with authority.pem, and with what it signed for HOST and 127.0.0.1, as MinIO names it."""
    folder = tmp_path_factory.mktemp("certificates")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req", "-x509", *new_key, "-subj", "/CN=A private authority", "-days", 2,
        "-keyout", folder / "authority.key", "-out", folder / "authority.pem",
    )  # fmt: skip
    openssl(
        "req", "-x509", *new_key, "-subj", f"/CN={HOST}", "-days", 2,
        "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
        "-CA", folder / "authority.pem", "-CAkey", folder / "authority.key",
        "-keyout", folder / "private.key", "-out", folder / "public.crt",
    )  # fmt: skip
    (folder / "rehashed").mkdir()
    (folder / "rehashed" / "authority.pem").write_bytes((folder / "authority.pem").read_bytes())
    openssl("rehash", folder / "rehashed")
    return folder


@pytest.fixture(scope="module")
def tls_minio(authority, tmp_path_factory):
    server = MinioServer(tool("minio", "RAYHISTORY_MINIO"), tmp_path_factory.mktemp("minio"), certificates=authority)
    yield server
    server.stop()


@pytest.fixture
def proxy(tls_minio):
    server = ForwardProxy(tls_minio.port, user="someone:pass-word")
    yield server
    server.stop()


def check(minio, **settings):
    environment = {**minio.collector_environment("network"), "RAY_CLUSTER_NAME": "test", "S3DISABLE_SSL": "false"}
    return run_collector("--check", **{**environment, **settings})


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_DIR"])
def test_a_private_authority_is_trusted_where_it_is_named(tls_minio, authority, variable):
    where = authority / ("rehashed" if variable == "SSL_CERT_DIR" else "authority.pem")
    run = check(tls_minio, **{variable: str(where)})
    assert run.returncode == 0, run.stdout + run.stderr


def test_one_that_is_not_is_refused_with_what_to_set(tls_minio):
    run = check(tls_minio)
    assert run.returncode == 1
    assert f"https://127.0.0.1:{tls_minio.port}: SSL certificate problem" in run.stdout
    assert "set SSL_CERT_FILE" in run.stdout


def test_a_certificate_of_another_host_is_refused(tls_minio, authority):
    run = check(tls_minio, SSL_CERT_FILE=str(authority / "authority.pem"), S3_ENDPOINT=f"localhost:{tls_minio.port}")
    assert run.returncode == 1
    assert "https://localhost" in run.stdout
    assert "its certificate is another host's: check the endpoint's name" in run.stdout


def test_authorities_that_cannot_be_read_end_the_start(tls_minio, tmp_path):
    run = check(tls_minio, SSL_CERT_FILE=str(tmp_path / "none.pem"))
    assert run.returncode == 2
    assert f"{tmp_path}/none.pem: No such file" in run.stderr


def test_https_goes_through_the_proxy(tls_minio, authority, proxy):
    run = check(
        tls_minio,
        S3_ENDPOINT=HOST,
        SSL_CERT_FILE=str(authority / "authority.pem"),
        HTTPS_PROXY=f"http://someone:pass-word@127.0.0.1:{proxy.port}",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert set(proxy.served) == {f"CONNECT {HOST}:443"}
    assert "pass-word" not in run.stdout + run.stderr


def test_http_goes_through_its_own(minio):
    proxy = ForwardProxy(minio.port)
    run = check(
        minio, S3_ENDPOINT=HOST, S3DISABLE_SSL="true", HTTP_PROXY=f"127.0.0.1:{proxy.port}", HTTPS_PROXY="127.0.0.1:1"
    )
    proxy.stop()
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"HEAD http://{HOST}/network" in proxy.served


def test_a_proxy_that_refuses_is_told_without_its_password(tls_minio, authority, proxy):
    run = check(
        tls_minio,
        S3_ENDPOINT=HOST,
        SSL_CERT_FILE=str(authority / "authority.pem"),
        HTTPS_PROXY=f"http://someone:another-word@127.0.0.1:{proxy.port}",
    )
    assert run.returncode == 1
    assert "407" in run.stdout
    assert "another-word" not in run.stdout + run.stderr


def test_no_proxy_is_asked_for_this_machine_or_what_no_proxy_names(minio, proxy):
    run = check(minio, S3DISABLE_SSL="true", HTTP_PROXY=f"127.0.0.1:{proxy.port}")
    assert run.returncode == 0, run.stdout + run.stderr
    named = check(minio, S3_ENDPOINT=HOST, HTTPS_PROXY=f"127.0.0.1:{proxy.port}", NO_PROXY="localhost,.example.test")
    assert named.returncode == 1
    assert f"Could not resolve host: {HOST}" in named.stdout
    assert proxy.served == []
