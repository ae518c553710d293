"""Our Shared Key signatures against azure-storage-blob's, on random keys, queries, headers and credentials.

The requests are built and signed by azure-storage-blob itself, caught before they leave, and given to our signer in
their raw form: path encoding, query encoding and signature must all come out the same. The seed is printed;
SHARED_KEY_SEED repeats it.

Needs RAYHISTORY_BIN_DIR, the folder with the program sign_azure_for_test.
"""

import base64
import email.utils
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import odd_text
import pytest
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest
from azure.storage.blob import BlobServiceClient, ContentSettings
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from odd_text import as_hex, hex_pairs

OPERATIONS = 2000
REQUESTS = 4000
# What has broken signers before, as odd_text's but for what a blob's name is better without.
AZURE_PIECES = [
    "?", "=", "&", "+", "%", " ", "*", "@", "~", "#", ":", ";", ",", "$", "!", "'", "(", ")", "[", "]", "{", "}", "|",
    "^", "`", "\"", "<", ">", "..", ".", "-", "_", "/", "%2F", "%20", "%zz", "é", "日本", "😀", "a", "Z", "0", "key",
]  # fmt: skip


def random_text(rng, longest=12):
    return odd_text.random_text(rng, longest, AZURE_PIECES)


@pytest.fixture
def rng():
    seed = int(os.environ.get("SHARED_KEY_SEED", random.SystemRandom().randint(0, 2**32)))
    print(f"SHARED_KEY_SEED={seed}")
    return random.Random(seed)


class Judged:
    """Requests as azure-storage-blob signed them, and what ours are compared by."""

    def __init__(self):
        self.lines = []
        self.expected = []

    def add(self, method, url, headers, account, key):
        parts = urlsplit(url)
        query = [tuple(unquote(side) for side in pair.split("=", 1)) for pair in parts.query.split("&") if pair]
        plain = {name.lower(): value for name, value in headers.items()}
        time = int(email.utils.parsedate_to_datetime(plain["x-ms-date"]).timestamp())
        own = {"authorization", "x-ms-date", "content-length"}
        self.lines.append(
            "\t".join(
                [
                    method,
                    f"{parts.scheme}://{parts.netloc}",
                    as_hex(unquote(parts.path)),
                    hex_pairs(query),
                    hex_pairs((name, value) for name, value in plain.items() if name not in own),
                    account,
                    as_hex(key),
                    str(time),
                    plain.get("content-length", "0"),
                ]
            )
        )
        self.expected.append((plain["authorization"], parts.path, sorted(query), url))

    def compare(self):
        tool = Path(os.environ["RAYHISTORY_BIN_DIR"]) / "sign_azure_for_test"
        done = subprocess.run([tool], input="\n".join(self.lines) + "\n", capture_output=True, text=True, check=True)
        answers = [line.split("\t") for line in done.stdout.splitlines()]
        assert len(answers) == len(self.expected)
        for (authorization, path, query), (their_authorization, their_path, their_query, url) in zip(
            answers, self.expected
        ):
            assert path == their_path, url
            ours = sorted(tuple(unquote(side) for side in pair.split("=", 1)) for pair in query.split("&") if pair)
            assert ours == their_query, url
            assert authorization == their_authorization, url


class Caught(Exception):
    pass


class Catcher(HttpTransport):
    def __init__(self):
        self.request = None

    def send(self, request, **_):
        self.request = request
        raise Caught

    def open(self):
        pass

    def close(self):
        pass

    def __exit__(self, *_):
        pass


def random_account(rng):
    account = "account" + str(rng.randint(0, 10**6))
    key = rng.randbytes(rng.choice([1, 32, 64]))
    endpoint = rng.choice([f"https://{account}.blob.core.windows.net", f"http://127.0.0.1:10000/{account}"])
    return account, key, endpoint


def operation(rng, service):
    container = service.get_container_client("container")
    name = random_text(rng).strip("/") or "k"
    # A path of dots is resolved by the library before it is sent, and no key has one.
    name = "/".join(segment if segment.strip(".") else "x" for segment in name.split("/"))
    blob = container.get_blob_client(name)
    etag = f'"0x8D{rng.randint(0, 2**40):X}"'
    content = b"x" * rng.choice([0, 1, 700])
    calls = [
        lambda: blob.get_blob_properties(),
        lambda: blob.delete_blob(etag=etag, match_condition=IF_MATCH),
        lambda: blob.download_blob(offset=rng.randint(0, 10**9), length=rng.randint(1, 10**6)),
        lambda: blob.stage_block(f"{rng.randint(0, 10**9):024d}", content, validate_content=True),
        lambda: blob.commit_block_list(
            ["a" * 24],
            metadata={"raymadefrom": etag.strip('"')},
            content_settings=ContentSettings(content_type="text/plain; charset=utf-8"),
            etag=etag,
            match_condition=IF_MATCH,
        ),
        lambda: blob.upload_blob(content, overwrite=True, content_settings=ContentSettings(content_type="a/b")),
        lambda: blob.start_copy_from_url(f"https://h/c/{rng.randint(0, 10**6)}?sig=x%2B", source_etag=etag,
                                         source_match_condition=IF_MATCH),
        lambda: next(iter(container.list_blobs(name_starts_with=random_text(rng)).by_page(random_text(rng)))),
        lambda: container.create_container(),
    ]  # fmt: skip
    return rng.choice(calls)


def setup_module():
    global IF_MATCH
    from azure.core import MatchConditions

    IF_MATCH = MatchConditions.IfNotModified


def test_what_the_library_does_is_encoded_and_signed_alike(rng):
    judged = Judged()
    catcher = Catcher()
    for i in range(OPERATIONS):
        if i % 200 == 0:  # making a client is slow
            account, key, endpoint = random_account(rng)
            credential = {"account_name": account, "account_key": base64.b64encode(key).decode()}
            service = BlobServiceClient(endpoint, credential=credential, transport=catcher, retry_total=0)
        with pytest.raises(Caught):
            operation(rng, service)()
        request = catcher.request
        judged.add(request.method, request.url, request.headers, account, key)
    judged.compare()


def test_any_request_is_signed_alike(rng):
    judged = Judged()
    words = ["blob-type", "blob-content-type", "copy-source", "version", "range", "meta-a", "meta-b1", "meta-raymade",
             "client-request-id", "source-if-match", "if-tags", "lease-id", "tags", "9"]  # fmt: skip
    standard = ["Content-Encoding", "Content-Language", "Content-MD5", "Content-Type", "If-Modified-Since", "If-Match",
                "If-None-Match", "If-Unmodified-Since"]  # fmt: skip
    for _ in range(REQUESTS):
        account, key, endpoint = random_account(rng)
        path = "/".join(random_text(rng, 3).replace("/", "") or "x" for _ in range(rng.randint(1, 4)))
        path = "/".join(segment if segment.strip(".") else "x" for segment in path.split("/"))
        query = "&".join(
            f"{quoted(name)}={quoted(random_text(rng))}"
            for name in rng.sample(["comp", "restype", "blockid", "prefix", "marker", "timeout"], rng.randint(0, 4))
        )
        headers = {"x-ms-date": email.utils.formatdate(rng.randint(0, 2**32), usegmt=True)}
        for name in rng.sample(words, rng.randint(0, 6)):
            headers[f"x-ms-{name}"] = f"value {rng.randint(0, 9)}"
        for name in rng.sample(standard, rng.randint(0, 4)):
            headers[name] = f"value {rng.randint(0, 9)}"
        if rng.random() < 0.5:
            headers["Content-Length"] = str(rng.choice([0, 1, 1234]))
        url = f"{endpoint}/{quoted(path, '/~')}" + (f"?{query}" if query else "")
        request = HttpRequest(rng.choice(["GET", "PUT", "HEAD", "DELETE"]), url, headers=headers)
        policy = SharedKeyCredentialPolicy(account, base64.b64encode(key).decode())
        policy.on_request(PipelineRequest(request, PipelineContext(None)))
        judged.add(request.method, request.url, request.headers, account, key)
    judged.compare()


def quoted(text, safe="~"):
    from urllib.parse import quote

    return quote(text, safe=safe)
