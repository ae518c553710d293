"""Our SigV4 against botocore's, on random keys, queries and credentials.

The requests are built and signed by botocore itself, caught before they leave, and given to our signer in their raw
form: path encoding, query encoding and signature must all come out the same. The seed is printed; SIGV4_SEED repeats it.

Needs RAYHISTORY_BIN_DIR, the folder with the program sign_for_test.
"""

import datetime
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session
import pytest
from odd_text import as_hex, hex_pairs, random_text

KEYS = 4000
QUERIES = 4000
BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Expected:
    def __init__(self, authorization, path, query):
        self.authorization = authorization
        self.path = path
        self.query = query


def signed_headers_of(headers):
    """The headers that botocore signed, but those that our signer sets by itself."""
    authorization = headers["Authorization"]
    names = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    own = {"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
    return [(name, headers[name]) for name in names if name not in own]


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def line_for(method, host, raw_path, raw_query, headers, credentials, region):
    plain = {name.lower(): text(value) for name, value in headers.items()}
    plain["Authorization"] = plain["authorization"]
    time = datetime.datetime.strptime(plain["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    return "\t".join(
        [
            method,
            host,
            as_hex(raw_path),
            hex_pairs(raw_query),
            hex_pairs(signed_headers_of(plain)),
            as_hex(credentials.access_key),
            as_hex(credentials.secret_key),
            as_hex(credentials.token or ""),
            region,
            "s3",
            str(int(time.timestamp())),
            plain["x-amz-content-sha256"],
        ]
    )


def ours(lines):
    tool = Path(os.environ["RAYHISTORY_BIN_DIR"]) / "sign_for_test"
    done = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def compare(lines, expected, described):
    answers = ours(lines)
    assert len(answers) == len(expected)
    for (authorization, path, query), want, what in zip(answers, expected, described):
        assert path == want.path, what
        assert sorted(query.split("&")) == sorted(want.query.split("&")), what
        assert authorization == want.authorization, what


@pytest.fixture
def rng():
    seed = int(os.environ.get("SIGV4_SEED", random.SystemRandom().randint(0, 2**32)))
    print(f"SIGV4_SEED={seed}")
    return random.Random(seed)


def credentials_for(rng):
    token = random_text(rng, 30).replace("\t", "") if rng.random() < 0.5 else None
    # A header's value can't hold what is not Latin-1; a real token is base64.
    token = token.encode("ascii", "ignore").decode().strip() or None if token else None
    return botocore.credentials.Credentials("AKID" + str(rng.randint(0, 10**9)), random_text(rng, 20), token)


class Caught(Exception):
    pass


def client_for(credentials, region, endpoint):
    session = botocore.session.Session()
    client = session.create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )
    caught = []

    def catch(request, **_):
        caught.append(request)
        raise Caught

    client.meta.events.register("before-send.s3", catch)

    def request_of(operation, **arguments):
        with pytest.raises(Caught):
            getattr(client, operation)(**arguments)
        return caught.pop()

    return request_of


def test_object_keys_are_encoded_and_signed_alike(rng):
    lines, expected, described = [], [], []
    request_of, credentials, region, endpoint = None, None, None, None
    for i in range(KEYS):
        if i % 200 == 0:  # making a client is slow
            credentials = credentials_for(rng)
            region = rng.choice(["us-east-1", "eu-central-1", "x"])
            endpoint = rng.choice(["http://127.0.0.1:9000", "https://s3.example.com", "http://[::1]:9000"])
            request_of = client_for(credentials, region, endpoint)
        key = random_text(rng).lstrip("/") or "k"
        operation = rng.choice(["get_object", "head_object", "delete_object", "create_multipart_upload"])
        request = request_of(operation, Bucket="bucket", Key=key)
        url = urlsplit(request.url)
        raw_query = [("uploads", "")] if operation == "create_multipart_upload" else []
        lines.append(line_for(request.method, endpoint, "/bucket/" + key, raw_query, request.headers, credentials, region))
        query = "uploads=" if raw_query else ""
        expected.append(Expected(text(request.headers["Authorization"]), url.path, query))
        described.append((operation, key))
    compare(lines, expected, described)


def test_listings_are_encoded_and_signed_alike(rng):
    credentials = credentials_for(rng)
    request_of = client_for(credentials, "us-east-1", "http://127.0.0.1:9000")
    lines, expected, described = [], [], []
    for _ in range(QUERIES // 4):
        prefix, after = random_text(rng), random_text(rng)
        request = request_of("list_objects_v2", Bucket="bucket", Prefix=prefix, StartAfter=after)
        url = urlsplit(request.url)
        raw_query = [("list-type", "2"), ("prefix", prefix), ("start-after", after), ("encoding-type", "url")]
        lines.append(
            line_for("GET", "http://127.0.0.1:9000", "/bucket", raw_query, request.headers, credentials, "us-east-1")
        )
        expected.append(Expected(text(request.headers["Authorization"]), url.path, url.query.replace("+", "%20")))
        described.append((prefix, after))
    compare(lines, expected, described)


def test_any_query_is_signed_alike(rng):
    lines, expected, described = [], [], []
    for _ in range(QUERIES):
        credentials = credentials_for(rng)
        parameters = {random_text(rng, 4): rng.choice(["", random_text(rng)]) for _ in range(rng.randint(0, 6))}
        request = botocore.awsrequest.AWSRequest(
            method=rng.choice(["GET", "PUT", "POST"]),
            url="https://s3.example.com/bucket/key",
            params=parameters,
            headers={"x-amz-meta-note": "  two   spaces ", "Content-Type": "text/plain"},
            data=b"",
        )
        request.context["payload_signing_enabled"] = True
        botocore.auth.S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
        lines.append(
            line_for(
                request.method, "https://s3.example.com", "/bucket/key", list(parameters.items()), request.headers,
                credentials, "us-east-1",
            )
        )  # fmt: skip
        answer = Expected(text(request.headers["Authorization"]), "/bucket/key", None)
        answer.query = "&".join(
            f"{botocore.auth.quote(name, safe='-_.~')}={botocore.auth.quote(value, safe='-_.~')}"
            for name, value in parameters.items()
        )
        expected.append(answer)
        described.append(parameters)
    compare(lines, expected, described)
