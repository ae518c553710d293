"""Our signature for Oracle Cloud Infrastructure against the vendor's SDK's (PyPI oci), on random keys, queries, bodies and
credentials.

The requests are built and signed by the SDK itself, caught before they leave, and given to our signer in their raw form:
path encoding and the whole Authorization header must come out the same. The seed is printed; OCI_SEED repeats it.

Needs RAYHISTORY_BIN_DIR, the folder with the program sign_oci_for_test.
"""

import email.utils
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import oci
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oci._vendor.requests.adapters import BaseAdapter
from odd_text import as_hex, hex_pairs, random_text

REQUESTS = 1500
REQUESTS_OF_A_CLIENT = 100
# The headers that the signer itself sets, and those that it knows.
OWN = {"date", "authorization", "host", "x-content-sha256", "content-length", "user-agent", "accept-encoding"}


class Caught(BaseException):
    """Not an Exception, which the SDK would repeat."""


class Catcher(BaseAdapter):
    request = None

    def send(self, request, **_):
        self.request = request
        raise Caught

    def close(self):
        pass


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


class Signer:
    """The vendor's client, with random credentials: a user's API key, or a session's token."""

    def __init__(self, rng, pems):
        self.pem = rng.choice(pems)
        self.bucket = rng.choice(["bucket", "ray-historyserver", "a_1.b"])
        self.endpoint = rng.choice(["https://objectstorage.eu-frankfurt-1.oraclecloud.com", "http://localhost:8080"])
        config, sdk = {}, {}
        if rng.random() < 0.5:
            config = {
                "tenancy": f"ocid1.tenancy.oc1..{rng.randint(0, 10**9)}",
                "user": f"ocid1.user.oc1..{rng.randint(0, 10**9)}",
                "fingerprint": ":".join(f"{rng.randrange(256):02x}" for _ in range(16)),
                "key_content": self.pem,
                "region": "eu-frankfurt-1",
            }
            self.key_id = "/".join(config[name] for name in ("tenancy", "user", "fingerprint"))
        else:
            token = "".join(rng.choices("ABCabc019-_.", k=600))
            self.key_id = f"ST${token}"
            key = serialization.load_pem_private_key(self.pem.encode(), None)
            sdk["signer"] = oci.auth.signers.SecurityTokenSigner(token, key)
        self.client = oci.object_storage.ObjectStorageClient(
            config,
            service_endpoint=self.endpoint,
            enable_strict_url_encoding=True,
            retry_strategy=oci.retry.NoneRetryStrategy(),
            **sdk,
        )
        self.catcher = Catcher()
        for scheme in ("https://", "http://"):
            self.client.base_client.session.mount(scheme, self.catcher)

    def signed(self, operation, arguments):
        with pytest.raises(Caught):
            getattr(self.client, operation)("namespace", self.bucket, *arguments[0], **arguments[1])
        return self.catcher.request


def random_request(rng):
    """An operation of the SDK's, its arguments, the key that the path ends with, and what is before the key."""
    models = oci.object_storage.models
    key = random_text(rng).strip("/ .\t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0") or "k"
    kind = rng.randrange(8)
    if kind == 0:
        return "put_object", ((key, b"body"), {"content_md5": "hBotaJrKa9FhFEdFPCLG/A==", "if_none_match": "*"}), key, "/o/"
    if kind == 1:
        return "get_object", ((key,), {"range": "bytes=0-9"}), key, "/o/"
    if kind == 2:
        return "head_object", ((key,), {}), key, "/o/"
    if kind == 3:
        details = models.CreateMultipartUploadDetails(object=key, metadata={"opc-meta-ray-upload": "0123"})
        return "create_multipart_upload", ((details,), {}), "", "/u"
    if kind == 4:
        return "upload_part", ((key, random_text(rng) or "u", rng.randint(1, 10000), b"part"), {}), key, "/u/"
    if kind == 5:
        parts = [models.CommitMultipartUploadPartDetails(part_num=1, etag="etag")]
        details = models.CommitMultipartUploadDetails(parts_to_commit=parts)
        return "commit_multipart_upload", ((key, random_text(rng) or "u", details), {"if_match": "e"}), key, "/u/"
    if kind == 6:
        return "delete_object", ((key,), {}), key, "/o/"
    return "list_objects", ((), {"prefix": random_text(rng), "start": random_text(rng), "limit": 1000,
                                 "fields": "name,size,etag,timeModified"}), "", "/o"  # fmt: skip


def line_for(signer, request, key, before):
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in OWN]
    body = request.body or b""
    signs_body = "x-content-sha256" in request.headers
    when = email.utils.parsedate_to_datetime(request.headers["date"])
    return "\t".join(
        [
            request.method,
            signer.endpoint,
            f"/n/namespace/b/{signer.bucket}{before}",
            as_hex(key),
            urlsplit(request.url).query,
            hex_pairs((name, value.decode() if isinstance(value, bytes) else value) for name, value in headers),
            as_hex(signer.pem),
            as_hex(signer.key_id),
            str(int(when.timestamp())),
            "body" if signs_body else "",
            as_hex(body if isinstance(body, str) else body.decode()),
        ]
    )


def ours(lines):
    tool = Path(os.environ["RAYHISTORY_BIN_DIR"]) / "sign_oci_for_test"
    done = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.fixture
def rng():
    seed = int(os.environ.get("OCI_SEED", random.SystemRandom().randint(0, 2**32)))
    print(f"OCI_SEED={seed}")
    return random.Random(seed)


def test_requests_are_encoded_and_signed_alike(rng):
    pems = [pem_of(rsa.generate_private_key(public_exponent=65537, key_size=size)) for size in (2048, 2048, 3072)]
    lines, expected = [], []
    signer = None
    for i in range(REQUESTS):
        if i % REQUESTS_OF_A_CLIENT == 0:
            signer = Signer(rng, pems)
        operation, arguments, key, before = random_request(rng)
        signed = signer.signed(operation, arguments)
        lines.append(line_for(signer, signed, key, before))
        expected.append((signed, operation, key))
    answers = ours(lines)
    assert len(answers) == len(expected)
    for (authorization, path, _), (signed, operation, key) in zip(answers, expected):
        assert path == urlsplit(signed.url).path, (operation, key)
        assert authorization == signed.headers["Authorization"], (operation, key)
