"""Alibaba Cloud OSS, as far as there is one without Alibaba Cloud: a gateway that takes what is signed as the vendor's
own SDK signs it to a MinIO, in S3's words; and a token service as STS for its keys."""

import base64
import datetime
import hashlib
import http.client
import json
import re
import threading
import time
import uuid
from urllib.parse import parse_qsl, unquote, urlsplit

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import Credentials, HttpRequest, SigningContext
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from live.minio_server import PASSWORD, USER

from .temporary_keys import TIMEOUT_SECONDS, UNREPEATED, LoopbackServer, reply

REGION = "cn-hangzhou"


def in_words_of_oss(xml):
    """What MinIO says."""
    xml = xml.replace(b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', b"")
    xml = xml.replace(b"<Code>NoSuchLifecycleConfiguration</Code>", b"<Code>NoSuchLifecycle</Code>")
    # A space in an encoded key: the SDK knows %20 alone.
    return re.sub(rb"<Key>[^<]*</Key>", lambda key: key[0].replace(b"+", b"%20"), xml)


def refusal(code):
    return f"<Error><Code>{code}</Code><Message>The message of {code}</Message></Error>".encode()


class OssGateway(LoopbackServer):
    def __init__(self, minio):
        self.minio = minio
        self.lock = threading.Lock()
        self.keys = {}  # access key: Credentials, and until when they are good
        self.refused = []  # codes
        self.served = set()  # access keys
        self.add_keys(Credentials("LTAI-rayhistory", "rayhistory-example-secret", None))
        super().__init__()

    def add_keys(self, credentials, until=float("inf")):
        with self.lock:
            self.keys[credentials.access_key_id] = (credentials, until)

    def collector_environment(self, bucket):
        return {
            "STORAGE_BACKEND": "aliyunoss",
            "OSS_BUCKET": bucket,
            "OSS_ENDPOINT": f"http://localhost:{self.port}",
            "OSS_REGION": REGION,
            "OSS_ACCESS_KEY_ID": "LTAI-rayhistory",
            "OSS_ACCESS_KEY_SECRET": "rayhistory-example-secret",
        }

    def client(self):
        """alibabacloud-oss-v2, Alibaba Cloud's own: the judge of what is stored."""
        config = oss.config.load_default()
        credentials = self.keys["LTAI-rayhistory"][0]
        config.credentials_provider = oss.credentials.StaticCredentialsProvider(
            credentials.access_key_id, credentials.access_key_secret
        )
        config.region = REGION
        config.endpoint = self.origin
        return oss.Client(config)

    def answer(self, request):
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length)
        if len(body) < length:
            return None  # cut on its way
        path, _, query = request.path.partition("?")
        host = request.headers.get("Host", "").partition(":")[0]  # none where the head was cut
        if host.endswith(".localhost"):
            path = f"/{host.removesuffix('.localhost')}{path}"
        elif host != "127.0.0.1":  # the SDK's own way with an IP address
            return reply(request, 403, refusal("SecondLevelDomainForbidden"), "application/xml")
        code = self.why_refused(request, path, query, body)
        if code is None:
            try:
                return self.take_to_minio(request, path, query, body)
            except OSError:
                return reply(request, 503, refusal("ServiceUnavailable"), "application/xml")
        self.refused.append(code)
        request.send_response(403)
        content = refusal(code)
        request.send_header("Content-Length", "0" if request.command == "HEAD" else str(len(content)))
        request.send_header("x-oss-err", base64.b64encode(content).decode())
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    def why_refused(self, request, path, query, body):
        sent = request.headers.get("Authorization", "")
        access_key = sent.partition("Credential=")[2].partition("/")[0]
        with self.lock:
            credentials, until = self.keys.get(access_key, (None, 0))
        if credentials is None:
            return "InvalidAccessKeyId"
        if time.time() > until:
            return "SecurityTokenExpired"
        if request.headers.get("x-oss-security-token") != credentials.security_token:
            return "InvalidSecurityToken"
        _, bucket, key = path.split("/", 2)
        signed = HttpRequest(request.command, f"http://{request.headers['Host']}{path}?{query}".rstrip("?"))
        signed.headers.update({name: value for name, value in request.headers.items() if name != "Authorization"})
        when = datetime.datetime.strptime(request.headers["x-oss-date"], "%Y%m%dT%H%M%SZ")
        context = SigningContext("oss", REGION, bucket, unquote(key), signed, credentials)
        context.signing_time = when.replace(tzinfo=datetime.timezone.utc)
        SignerV4().sign(context)
        if signed.headers["Authorization"] != sent:
            return "SignatureDoesNotMatch"
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        if request.headers.get("Content-MD5", digest) != digest:
            return "InvalidDigest"
        self.served.add(access_key)
        return None

    def take_to_minio(self, request, path, query, body):
        kept = {}
        for name, value in request.headers.items():
            lower = name.lower()
            if lower.startswith(("x-oss-copy-source", "x-oss-meta-")):
                kept[lower.replace("x-oss-", "x-amz-")] = value
            elif lower == "x-oss-forbid-overwrite" and value == "true":
                kept["If-None-Match"] = "*"
            elif lower in ("content-type", "content-md5", "range"):
                kept[name] = value
        target = f"{path}?{query}".rstrip("?")
        translated = AWSRequest(request.command, f"http://{self.minio.endpoint}{target}", kept, body)
        S3SigV4Auth(_MinioKeys, "s3", "us-east-1").add_auth(translated)
        minio = http.client.HTTPConnection(self.minio.endpoint, timeout=TIMEOUT_SECONDS)
        minio.request(request.command, target, body, dict(translated.headers.items()))
        answer = minio.getresponse()
        content = answer.read()
        minio.close()
        if answer.getheader("Content-Type", "").startswith("application/xml"):
            content = in_words_of_oss(content)
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in UNREPEATED:
                request.send_header(name.lower().replace("x-amz-", "x-oss-"), value)
        length = answer.getheader("Content-Length", "0") if request.command == "HEAD" else str(len(content))
        request.send_header("Content-Length", length)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


class _MinioKeys:
    access_key = USER
    secret_key = PASSWORD
    token = None


class AlibabaTokenService(LoopbackServer):
    """STS: AssumeRoleWithOIDC, with keys that the gateway takes for so long."""

    def __init__(self, gateway, good_for_seconds):
        self.gateway = gateway
        self.good_for_seconds = good_for_seconds
        self.asked = []  # query and form of each call, as a dictionary
        super().__init__()

    def answer(self, request):
        form = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        self.asked.append(dict(parse_qsl(urlsplit(request.path).query) + parse_qsl(form)))
        name = uuid.uuid4().hex
        keys = Credentials(f"STS.{name}", f"secret-{name}", f"token-{name}")
        self.gateway.add_keys(keys, time.time() + self.good_for_seconds)
        # It says an hour, as the service does of keys whose role is taken away meanwhile.
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        answer = {
            "RequestId": name,
            "Credentials": {
                "AccessKeyId": keys.access_key_id,
                "AccessKeySecret": keys.access_key_secret,
                "SecurityToken": keys.security_token,
                "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        }
        return reply(request, 200, json.dumps(answer).encode())
