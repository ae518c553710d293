"""Our signature for Alibaba Cloud OSS against alibabacloud-oss-v2's, on random keys, queries, headers and credentials.

The requests are built and signed by the vendor's SDK itself, caught before they leave, and given to our signer in their raw
form: path encoding, query encoding and signature must all come out the same. The seed is printed; OSS_V4_SEED repeats it.

Needs RAYHISTORY_BIN_DIR, the folder with the program sign_oss_for_test.
"""

import datetime
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import alibabacloud_oss_v2 as oss
import pytest
from alibabacloud_oss_v2.types import HttpClient
from odd_text import as_hex, hex_pairs, random_text

REQUESTS = 6000
REQUESTS_OF_A_CLIENT = 100


class Caught(BaseException):
    """Not an Exception, which the SDK would wrap."""


class Catcher(HttpClient):
    request = None

    def send(self, request, **_):
        self.request = request
        raise Caught

    def open(self):
        pass

    def close(self):
        pass


class Signer:
    """The vendor's client, with random credentials."""

    def __init__(self, rng):
        self.access_key = "LTAI" + str(rng.randint(0, 10**9))
        self.secret_key = random_text(rng, 20)
        self.token = "".join(rng.choices("ABCabc019+/=", k=60)) if rng.random() < 0.5 else None
        self.region = rng.choice(["cn-hangzhou", "ap-southeast-1", "x"])
        self.bucket = rng.choice(["bucket", "ray-historyserver", "a-1"])
        self.endpoint = rng.choice(["oss-cn-hangzhou-internal.aliyuncs.com", "http://localhost:8080"])
        self.catcher = Catcher()
        config = oss.config.load_default()
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(self.access_key, self.secret_key, self.token)
        config.region = self.region
        config.endpoint = self.endpoint
        config.http_client = self.catcher
        self.client = oss.Client(config)

    def signed(self, operation, request):
        with pytest.raises(Caught):
            getattr(self.client, operation)(request)
        return self.catcher.request


def random_request(rng, signer):
    """An operation of the SDK's, its request, and the key that it is about."""
    bucket, key = signer.bucket, random_text(rng).lstrip("/") or "k"
    kind = rng.randrange(8)
    if kind == 0:
        return "put_object", oss.PutObjectRequest(
            bucket=bucket, key=key, body=b"body", content_md5="hBotaJrKa9FhFEdFPCLG/A==", content_type="text/plain",
            metadata={"ray-upload": "0123"}), key  # fmt: skip
    if kind == 1:
        return "get_object", oss.GetObjectRequest(
            bucket=bucket, key=key, range_header="bytes=0-9", range_behavior="standard"), key  # fmt: skip
    if kind == 2:
        return "head_object", oss.HeadObjectRequest(bucket=bucket, key=key), key
    if kind == 3:
        return "initiate_multipart_upload", oss.InitiateMultipartUploadRequest(bucket=bucket, key=key), key
    if kind == 4:
        return "upload_part_copy", oss.UploadPartCopyRequest(
            bucket=bucket, key=key, source_key=random_text(rng), part_number=rng.randint(1, 10000),
            upload_id=random_text(rng), source_range="bytes=0-99", if_match='"E"'), key  # fmt: skip
    if kind == 5:
        return "list_multipart_uploads", oss.ListMultipartUploadsRequest(
            bucket=bucket, prefix=rng.choice(["", random_text(rng)]), key_marker=random_text(rng)), ""  # fmt: skip
    if kind == 6:
        return "get_bucket_versioning", oss.GetBucketVersioningRequest(bucket=bucket), ""
    return "list_objects_v2", oss.ListObjectsV2Request(
        bucket=bucket, prefix=random_text(rng), start_after=rng.choice([None, random_text(rng)]), max_keys=1000), ""  # fmt: skip


def line_for(signer, request, key):
    own = {"x-oss-date", "x-oss-content-sha256", "x-oss-security-token", "date", "authorization", "user-agent"}
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in own]
    query = urlsplit(request.url).query
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    time = datetime.datetime.strptime(request.headers["x-oss-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    return "\t".join(
        [
            request.method,
            signer.endpoint,
            signer.bucket,
            as_hex(key),
            hex_pairs((unquote(name), unquote(value)) for name, _, value in pairs),
            hex_pairs(headers),
            as_hex(signer.access_key),
            as_hex(signer.secret_key),
            as_hex(signer.token or ""),
            signer.region,
            str(int(time.timestamp())),
        ]
    )


def ours(lines):
    tool = Path(os.environ["RAYHISTORY_BIN_DIR"]) / "sign_oss_for_test"
    done = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.fixture
def rng():
    seed = int(os.environ.get("OSS_V4_SEED", random.SystemRandom().randint(0, 2**32)))
    print(f"OSS_V4_SEED={seed}")
    return random.Random(seed)


def test_requests_are_encoded_and_signed_alike(rng):
    lines, expected = [], []
    signer = None
    for i in range(REQUESTS):
        if i % REQUESTS_OF_A_CLIENT == 0:
            signer = Signer(rng)
        operation, request, key = random_request(rng, signer)
        signed = signer.signed(operation, request)
        lines.append(line_for(signer, signed, key))
        expected.append((signed, operation, key))
    answers = ours(lines)
    assert len(answers) == len(expected)
    for (authorization, path, query), (signed, operation, key) in zip(answers, expected):
        url = urlsplit(signed.url)
        assert path == url.path, (operation, key)
        assert sorted(query.split("&")) == sorted(url.query.split("&")), (operation, key)
        assert authorization == signed.headers["Authorization"], (operation, key)
