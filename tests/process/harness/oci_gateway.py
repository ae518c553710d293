"""Oracle Cloud Infrastructure's Object Storage, as far as there is one without Oracle: in memory, as its API reference has
it, with each request's signature verified by an implementation of its own (tests/signing has the vendor's SDK judge ours);
and the places that issue tokens: an instance's metadata service and the authentication service."""

import base64
import datetime
import email.utils
import hashlib
import ipaddress
import json
import ssl
import threading
import time
import uuid
from urllib.parse import parse_qs, unquote
from urllib.request import parse_http_list

import jwt
import oci
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from .temporary_keys import LoopbackServer

NAMESPACE = "axhistory"
REGION = "eu-frankfurt-1"
TENANCY = "ocid1.tenancy.oc1..example"
USER = "ocid1.user.oc1..example"
COMPARTMENT = "ocid1.compartment.oc1..example"
CLOCK_TOLERANCE_SECONDS = 300
PAGE = 1000
PASS_PHRASE = "a pass phrase"
BODY_HEADERS = {"content-length", "content-type", "x-content-sha256"}


class Refusal(Exception):
    def __init__(self, status, code, message=None):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message or f"The message of {code}"


def fingerprint_of(key):
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return ":".join(f"{byte:02x}" for byte in hashlib.md5(der).digest())


def pem_of(key, pass_phrase=None):
    encryption = serialization.BestAvailableEncryption(pass_phrase.encode()) if pass_phrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


def verified(request, body, public_key_of, must_sign):
    """The key ID of a request that is signed as "Request Signatures" has it; else a Refusal."""
    refusal = Refusal(401, "NotAuthenticated", "The required information to complete authentication was not provided or was incorrect.")
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    fields = dict(item.split("=", 1) for item in parse_http_list(rest) if "=" in item)
    fields = {name: value.strip('"') for name, value in fields.items()}
    if scheme != "Signature" or fields.get("version") != "1" or fields.get("algorithm") != "rsa-sha256":
        raise refusal
    names = fields.get("headers", "").split(" ")
    if not must_sign <= set(names):
        raise refusal
    try:
        date = email.utils.parsedate_to_datetime(request.headers["date"]).timestamp()
    except (TypeError, ValueError):
        raise refusal from None
    if abs(time.time() - date) > CLOCK_TOLERANCE_SECONDS:
        raise refusal
    lines = []
    for name in names:
        if name == "(request-target)":
            lines.append(f"(request-target): {request.command.lower()} {request.path}")
        else:
            lines.append(f"{name}: {request.headers.get(name, '')}")
    public_key = public_key_of(fields.get("keyId", ""))
    if public_key is None:
        raise refusal
    try:
        signature = base64.b64decode(fields.get("signature", ""))
        public_key.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise refusal from None
    if "x-content-sha256" in names:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if request.headers["x-content-sha256"] != digest or request.headers["content-length"] != str(len(body)):
            raise refusal
    return fields["keyId"]


class StoredObject:
    def __init__(self, content, content_type=None, metadata=None):
        self.content = content
        self.content_type = content_type or "application/octet-stream"
        self.metadata = metadata or {}
        self.etag = str(uuid.uuid4())
        self.modified = time.time()
        self.md5 = base64.b64encode(hashlib.md5(content).digest()).decode()


class Upload:
    def __init__(self, key, details):
        self.key = key
        self.details = details
        self.id = str(uuid.uuid4())
        self.parts = {}  # number: StoredObject
        self.created = time.time()


class Bucket:
    def __init__(self, compartment):
        self.compartment = compartment
        self.objects = {}
        self.uploads = {}
        self.versioning = "Disabled"
        self.lifecycle = []
        self.retention = []


class OciGateway(LoopbackServer):
    keeps_on_disk = False

    def __init__(self, folder):
        self.lock = threading.Lock()
        self.buckets = {}
        self.keys = {}  # key ID: public key, and until when it is good
        self.refused = []  # codes
        self.served = set()  # key IDs
        self.hidden = set()  # buckets that the caller may not see
        self.user_key = new_key()
        fingerprint = fingerprint_of(self.user_key)
        self.keys[f"{TENANCY}/{USER}/{fingerprint}"] = (self.user_key.public_key(), float("inf"))
        self.key_file = folder / "oci_api_key.pem"
        # As the console hands it out: a label after the key.
        self.key_file.write_bytes(pem_of(self.user_key, PASS_PHRASE) + b"OCI_API_KEY\n")
        self.config = {
            "user": USER,
            "tenancy": TENANCY,
            "fingerprint": fingerprint,
            "key_file": str(self.key_file),
            "pass_phrase": PASS_PHRASE,
            "region": REGION,
        }
        self.config_file = folder / "config"
        self.config_file.write_text("[DEFAULT]\n" + "".join(f"{name} = {value}\n" for name, value in self.config.items()))
        super().__init__()

    def add_key(self, key_id, public_key, until=float("inf")):
        with self.lock:
            self.keys[key_id] = (public_key, until)

    def collector_environment(self, bucket):
        return {
            "STORAGE_BACKEND": "oci",
            "OCI_BUCKET": bucket,
            "OCI_COMPARTMENT_ID": COMPARTMENT,
            "OCI_CONFIG_FILE": str(self.config_file),
            "OCI_ENDPOINT": self.origin,
        }

    def client(self):
        """PyPI's oci, the vendor's own: the judge of what is stored."""
        return oci.object_storage.ObjectStorageClient(
            self.config,
            service_endpoint=self.origin,
            enable_strict_url_encoding=True,
            allow_control_chars=True,
            retry_strategy=oci.retry.NoneRetryStrategy(),
        )

    def public_key_of(self, key_id):
        with self.lock:
            public_key, until = self.keys.get(key_id, (None, 0))
        return public_key if time.time() <= until else None

    def answer(self, request):
        length = int(request.headers.get("Content-Length", 0))
        if request.headers.get("Expect", "").lower() == "100-continue":
            pass  # BaseHTTPRequestHandler has sent it
        body = request.rfile.read(length)
        if len(body) < length:
            return None  # cut on its way
        path, _, query = request.path.partition("?")
        query = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
        is_body_signed = request.command == "POST"
        must_sign = {"date", "(request-target)", "host"} | (BODY_HEADERS if is_body_signed else set())
        try:
            self.served.add(verified(request, body, self.public_key_of, must_sign))
            # The path is taken apart before it is decoded: "%2F" is of a name.
            with self.lock:
                status, headers, content = self.route(request, [unquote(part) for part in path.split("/")[1:]], path, query, body)
        except Refusal as refusal:
            self.refused.append(refusal.code)
            status, headers = refusal.status, {}
            content = {"code": refusal.code, "message": refusal.message}
        return self.reply(request, status, headers, content)

    @staticmethod
    def reply(request, status, headers, content):
        if not isinstance(content, bytes):
            content = b"" if content is None else json.dumps(content).encode()
            headers = {"content-type": "application/json", **headers}
        request.send_response(status)
        request.send_header("opc-request-id", uuid.uuid4().hex)
        for name, value in headers.items():
            request.send_header(name, value)
        if "Content-Length" not in headers:
            request.send_header("Content-Length", "0" if request.command == "HEAD" else str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)
        return None

    def route(self, request, parts, path, query, body):
        if parts == ["n"]:
            return 200, {}, NAMESPACE
        if parts[0] != "n" or len(parts) < 3 or parts[2] != "b":
            raise Refusal(404, "NotFound")
        if parts[1] != NAMESPACE:
            raise Refusal(404, "NamespaceNotFound", "You do not have authorization to perform this request, or the requested resource could not be found.")
        if len(parts) == 3:
            return self.create_bucket(request, json.loads(body))
        name, *rest = parts[3:]
        bucket = self.buckets.get(name)
        if bucket is None or name in self.hidden:
            raise Refusal(
                404, "BucketNotFound",
                f"Either the bucket named '{name}' does not exist in the namespace '{NAMESPACE}' or you are not authorized to access it",
            )  # fmt: skip
        if not rest:
            return 200, {"etag": "bucket-etag"}, self.shown(name, bucket)
        key = unquote(path.split("/", 6)[6]) if len(rest) > 1 else ""
        if rest[0] == "o":
            return self.answer_object(request, bucket, key, query, body) if key else self.list_objects(bucket, query)
        if rest[0] == "u":
            return self.answer_upload(request, bucket, key, query, body)
        if rest == ["l"]:
            if not bucket.lifecycle:
                raise Refusal(404, "LifecyclePolicyNotFound")
            return 200, {}, {"items": bucket.lifecycle, "timeCreated": "2026-01-01T00:00:00Z"}
        if rest == ["retentionRules"]:
            return 200, {}, {"items": bucket.retention}
        raise Refusal(404, "NotFound")

    def create_bucket(self, request, details):
        if request.command != "POST":
            raise Refusal(405, "MethodNotAllowed")
        if details["compartmentId"] != COMPARTMENT:
            raise Refusal(404, "NamespaceNotFound")
        if details["name"] in self.buckets:
            raise Refusal(409, "BucketAlreadyExists")
        self.buckets[details["name"]] = Bucket(details["compartmentId"])
        return 200, {"etag": "bucket-etag"}, self.shown(details["name"], self.buckets[details["name"]])

    @staticmethod
    def shown(name, bucket):
        return {
            "namespace": NAMESPACE,
            "name": name,
            "compartmentId": bucket.compartment,
            "versioning": bucket.versioning,
            "storageTier": "Standard",
            "isReadOnly": False,
        }

    @staticmethod
    def check_conditions(request, present):
        if request.headers.get("If-None-Match") == "*" and present:
            raise Refusal(412, "IfNoneMatchFailed")
        wanted = request.headers.get("If-Match")
        if wanted and (present is None or present.etag != wanted):
            raise Refusal(412, "IfMatchFailed")

    @staticmethod
    def check_digest(request, body):
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        if request.headers.get("Content-MD5", digest) != digest:
            raise Refusal(400, "UnmatchedContentMD5")

    def answer_object(self, request, bucket, key, query, body):
        present = bucket.objects.get(key)
        if request.command == "PUT":
            if len(key.encode()) > 1024 or any(c in key for c in "\r\n\0"):
                raise Refusal(400, "InvalidObjectName")
            self.check_conditions(request, present)
            self.check_digest(request, body)
            stored = StoredObject(body, request.headers.get("Content-Type"))
            bucket.objects[key] = stored
            return 200, {"etag": stored.etag, "opc-content-md5": stored.md5, "last-modified": http_date(stored.modified)}, None
        if present is None:
            raise Refusal(404, "ObjectNotFound", f"The object '{key}' was not found")
        if request.command == "DELETE":
            del bucket.objects[key]
            return 204, {}, None
        headers = {
            "etag": present.etag,
            "last-modified": http_date(present.modified),
            "content-md5": present.md5,
            "content-type": present.content_type,
            **present.metadata,
        }
        if request.command == "HEAD":
            return 200, {**headers, "Content-Length": str(len(present.content))}, b""
        sought = request.headers.get("Range")
        if sought is None:
            return 200, headers, present.content
        first, last = (int(number) for number in sought.removeprefix("bytes=").split("-"))
        if first >= len(present.content):
            raise Refusal(416, "InvalidRange")
        piece = present.content[first : last + 1]
        headers["content-range"] = f"bytes {first}-{first + len(piece) - 1}/{len(present.content)}"
        return 206, headers, piece

    @staticmethod
    def list_objects(bucket, query):
        prefix, start = query.get("prefix", ""), query.get("start", "").encode()
        names = sorted((name for name in bucket.objects if name.startswith(prefix)), key=str.encode)
        names = [name for name in names if name.encode() >= start]
        limit = min(int(query.get("limit", PAGE)), PAGE)
        fields = query.get("fields", "name").split(",")
        entries = []
        for name in names[:limit]:
            stored = bucket.objects[name]
            modified = datetime.datetime.fromtimestamp(stored.modified, datetime.timezone.utc)
            every = {
                "name": name,
                "size": len(stored.content),
                "etag": stored.etag,
                "md5": stored.md5,
                "timeModified": modified.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
            entries.append({field: every[field] for field in every if field in [*fields, "name"]})
        answer = {"objects": entries, "prefixes": []}
        if len(names) > limit:
            answer["nextStartWith"] = names[limit]
        return 200, {}, answer

    def answer_upload(self, request, bucket, key, query, body):
        if not key and request.command == "POST":
            details = json.loads(body)
            self.check_conditions(request, bucket.objects.get(details["object"]))
            upload = Upload(details["object"], details)
            bucket.uploads[upload.id] = upload
            return 200, {}, self.shown_upload(upload)
        if not key:
            uploads = sorted(bucket.uploads.values(), key=lambda upload: upload.id)
            begin, limit = int(query.get("page", 0)), int(query.get("limit", PAGE))
            headers = {"opc-next-page": str(begin + limit)} if begin + limit < len(uploads) else {}
            return 200, headers, [self.shown_upload(upload) for upload in uploads[begin : begin + limit]]
        upload = bucket.uploads.get(query.get("uploadId"))
        if upload is None or upload.key != key:
            raise Refusal(404, "NoSuchUpload")
        if request.command == "PUT":
            self.check_digest(request, body)
            part = StoredObject(body)
            upload.parts[int(query["uploadPartNum"])] = part
            return 200, {"etag": part.etag, "opc-content-md5": part.md5}, None
        if request.command == "DELETE":
            del bucket.uploads[upload.id]
            return 204, {}, None
        if request.command == "GET":
            parts = [{"partNumber": n, "etag": p.etag, "size": len(p.content)} for n, p in sorted(upload.parts.items())]
            return 200, {}, parts
        return self.commit(request, bucket, upload, json.loads(body)["partsToCommit"])

    def commit(self, request, bucket, upload, parts):
        self.check_conditions(request, bucket.objects.get(upload.key))
        if not parts:
            raise Refusal(400, "InvalidUploadPart", "There are no parts to commit")
        for part in parts:
            kept = upload.parts.get(part["partNum"])
            if kept is None or kept.etag != part["etag"]:
                raise Refusal(400, "InvalidUploadPart")
        ordered = sorted(part["partNum"] for part in parts)
        content = b"".join(upload.parts[number].content for number in ordered)
        stored = StoredObject(content, upload.details.get("contentType"), upload.details.get("metadata"))
        bucket.objects[upload.key] = stored
        del bucket.uploads[upload.id]
        headers = {"etag": stored.etag, "opc-multipart-md5": f"{stored.md5}-{len(parts)}"}
        return 200, {**headers, "last-modified": http_date(stored.modified)}, None

    @staticmethod
    def shown_upload(upload):
        created = datetime.datetime.fromtimestamp(upload.created, datetime.timezone.utc)
        return {
            "namespace": NAMESPACE,
            "object": upload.key,
            "uploadId": upload.id,
            "timeCreated": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }


def session_token(seconds):
    """As Oracle's: a JWT, which only its issuer verifies."""
    now = time.time()
    return jwt.encode({"iat": int(now), "exp": int(now + seconds), "jti": uuid.uuid4().hex}, "of no matter to anyone here, but long", "HS256")


def certificate(key, *subject, address=None):
    """Self-signed; that of a server has an address."""
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.not_valid_after(now + datetime.timedelta(hours=1)).sign(key, hashes.SHA256())


class OciInstance(LoopbackServer):
    """An instance's metadata service, and the authentication service of its region: tokens that the gateway takes for so
    long, and that say an hour."""

    def __init__(self, gateway=None, good_for_seconds=3600, region="fra"):
        self.gateway = gateway
        self.good_for_seconds = good_for_seconds
        self.region = region
        self.asked = []  # method, path, headers, body
        self.leaf_key = new_key()
        self.leaf = certificate(
            self.leaf_key,
            (NameOID.ORGANIZATIONAL_UNIT_NAME, f"opc-tenant:{TENANCY}"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "opc-certtype:instance"),
            (NameOID.COMMON_NAME, "ocid1.instance.oc1.eu-frankfurt-1.example"),
        )
        self.intermediate = certificate(new_key(), (NameOID.COMMON_NAME, "PKISVC Identity Intermediate"))
        super().__init__()

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.asked.append((request.command, request.path, dict(request.headers.items()), body))
        if request.path == "/v1/x509":
            return self.exchange(request, body)
        if request.headers.get("Authorization") != "Bearer Oracle":
            return OciGateway.reply(request, 404, {}, b"")
        pem = serialization.Encoding.PEM
        found = {
            "/opc/v2/instance/region": self.region.encode(),
            "/opc/v2/instance/regionInfo": json.dumps(
                {"realmDomainComponent": "oraclecloud99.com", "realmKey": "oc99", "regionIdentifier": "xx-new-1", "regionKey": "xxn"}
            ).encode(),
            "/opc/v2/identity/cert.pem": self.leaf.public_bytes(pem),
            "/opc/v2/identity/key.pem": pem_of(self.leaf_key),
            "/opc/v2/identity/intermediate.pem": self.intermediate.public_bytes(pem),
        }.get(request.path)
        return OciGateway.reply(request, 404 if found is None else 200, {"content-type": "text/plain"}, found or b"")

    def exchange(self, request, body):
        digest = ":".join(f"{byte:02X}" for byte in self.leaf.fingerprint(hashes.SHA1()))
        known = f"{TENANCY}/fed-x509/{digest}"
        try:
            must_sign = {"date", "(request-target)"} | BODY_HEADERS
            verified(request, body, lambda key_id: self.leaf_key.public_key() if key_id == known else None, must_sign)
        except Refusal as refusal:
            return OciGateway.reply(request, refusal.status, {}, {"code": refusal.code, "message": refusal.message})
        told = json.loads(body)
        der = base64.b64encode(self.leaf.public_bytes(serialization.Encoding.DER)).decode()
        assert told["certificate"] == der and len(told["intermediateCertificates"]) == 1
        token = session_token(3600)
        if self.gateway is not None:
            public_key = serialization.load_der_public_key(base64.b64decode(told["publicKey"]))
            self.gateway.add_key(f"ST${token}", public_key, time.time() + self.good_for_seconds)
        return OciGateway.reply(request, 200, {}, {"token": token})


class OciProxymux(LoopbackServer):
    """OKE's own: a pod's token for that of a resource principal, over TLS with a certificate of the cluster's CA."""

    def __init__(self, folder, gateway=None, good_for_seconds=3600):
        self.gateway = gateway
        self.good_for_seconds = good_for_seconds
        self.pod_token = session_token(3600)
        self.asked = []  # method, path, headers, body
        key = new_key()
        self.ca_file = folder / "ca.crt"
        self.ca_file.write_bytes(
            certificate(key, (NameOID.COMMON_NAME, "kubernetes"), address="127.0.0.1").public_bytes(serialization.Encoding.PEM)
        )
        key_file = folder / "ca.key"
        key_file.write_bytes(pem_of(key))
        super().__init__()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)
        # The server's thread waits for the same descriptor already.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.asked.append((request.command, request.path, dict(request.headers.items()), body))
        if request.headers.get("Authorization") != f"Bearer {self.pod_token}":
            return OciGateway.reply(request, 403, {}, b"")
        token = session_token(3600)
        if self.gateway is not None:
            public_key = serialization.load_der_public_key(base64.b64decode(json.loads(body)["podKey"]))
            self.gateway.add_key(f"ST${token}", public_key, time.time() + self.good_for_seconds)
        answer = base64.b64encode(json.dumps({"token": f"ST${token}"}).encode())
        return OciGateway.reply(request, 200, {"content-type": "text/plain"}, answer)
