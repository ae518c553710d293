"""What each of our sources of Google's credentials sends is what google-auth, Google's own library, sends to the same
issuer; and the JWTs that we sign are taken by it."""

import http.server
import json
import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("RAYHISTORY_BIN_DIR", ROOT / "build" / "release" / "bin")) / "google_token_for_test"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
EMAIL = "collector@project.iam.gserviceaccount.com"

# What google-auth does with the same file, in a process of its own: it reads its environment when it is imported.
GOOGLE_AUTH = f"""
import json
import sys
from google.auth import compute_engine, identity_pool
from google.auth.transport.requests import Request
from google.oauth2 import credentials, service_account

kind, path = sys.argv[1:]
scopes = ["{SCOPE}"]
made = {{
    "service account": lambda: service_account.Credentials.from_service_account_file(path, scopes=scopes),
    # Its from_authorized_user_file knows no token_uri but Google's own.
    "user": lambda: credentials.Credentials(None, **{{
        name: value for name, value in json.load(open(path)).items() if name != "type"
    }}),
    "external": lambda: identity_pool.Credentials.from_file(path, scopes=scopes),
    "metadata": lambda: compute_engine.Credentials(scopes=scopes),
}}[kind]()
made.refresh(Request())
print(made.token)
"""


class Issuer(http.server.ThreadingHTTPServer):
    """Gives a token to whoever asks, and remembers how."""

    def __init__(self):
        self.requests = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_port}"

    def taken(self):
        requests, self.requests = self.requests, []
        return requests


class Handler(http.server.BaseHTTPRequestHandler):
    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        target = urlsplit(self.path)
        self.server.requests.append(
            {
                "method": self.command,
                "path": target.path,
                "query": sorted(parse_qsl(target.query)),
                "type": self.headers.get("Content-Type"),
                "authorization": self.headers.get("Authorization"),
                "flavor": self.headers.get("Metadata-Flavor"),
                "custom": self.headers.get("X-Custom"),
                "body": body,
            }
        )
        answers = {
            "/subject": {"value": "the-subject"},
            f"/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken": {
                "accessToken": "a-token",
                "expireTime": "2100-01-01T00:00:00Z",
            },
            "/computeMetadata/v1/instance/service-accounts/default/": {"email": EMAIL, "scopes": [SCOPE]},
        }
        reply = json.dumps(answers.get(target.path, {"access_token": "a-token", "expires_in": 3600})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_POST = _answer

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def issuer():
    server = Issuer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def run(command, issuer, path, tmp_path):
    """The requests that it made."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "GCE_METADATA_HOST": f"127.0.0.1:{issuer.server_port}",
        **({"GOOGLE_APPLICATION_CREDENTIALS": str(path)} if path else {}),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "a-token"
    return issuer.taken()


def both(issuer, kind, path, tmp_path):
    ours = run([PROGRAM], issuer, path, tmp_path)
    theirs = run([sys.executable, "-c", GOOGLE_AUTH, kind, str(path)], issuer, path, tmp_path)
    return ours, theirs


def written(tmp_path, content):
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(content))
    return path


def form_of(request):
    """Sent as an HTML form, in whatever order."""
    assert request["type"] == "application/x-www-form-urlencoded"
    return sorted(parse_qsl(request["body"], strict_parsing=True))


def test_a_service_accounts_assertion_is_taken_by_google_auth_and_says_what_it_says(issuer, key, tmp_path):
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    path = written(
        tmp_path,
        {
            "type": "service_account",
            "client_email": EMAIL,
            "private_key": pem,
            "private_key_id": "a-key-id",
            "token_uri": f"{issuer.origin}/token",
        },
    )
    ours, theirs = both(issuer, "service account", path, tmp_path)
    (our_request,), (their_request,) = ours, theirs
    our_form, their_form = dict(form_of(our_request)), dict(form_of(their_request))
    our_assertion, their_assertion = our_form.pop("assertion"), their_form.pop("assertion")
    assert our_form == their_form
    assert (our_request["method"], our_request["path"]) == (their_request["method"], their_request["path"])

    certificate = certificate_of(key)
    our_claims = jwt.decode(our_assertion, certs=certificate)  # raises where the signature or the times are wrong
    their_claims = jwt.decode(their_assertion, certs=certificate)
    for claims in (our_claims, their_claims):
        assert claims.pop("exp") - claims.pop("iat") == 3600
    assert our_claims == their_claims
    assert jwt.decode_header(our_assertion) == jwt.decode_header(their_assertion)
    with pytest.raises(ValueError, match="signature"):
        jwt.decode(our_assertion[:-8] + "AAAAAAAA", certs=certificate)


def certificate_of(key):
    name = x509.Name([])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_users_refresh_token_is_sent_as_google_auth_sends_it(issuer, tmp_path):
    content = {"type": "authorized_user", "client_id": "id", "client_secret": "s&c=r+t", "refresh_token": "1//r é"}
    path = written(tmp_path, {**content, "token_uri": f"{issuer.origin}/token"})
    (ours,), (theirs,) = both(issuer, "user", path, tmp_path)
    assert form_of(ours) == form_of(theirs)
    assert ours["path"] == theirs["path"]


@pytest.mark.parametrize("place", ["text file", "JSON file", "URL"])
@pytest.mark.parametrize("impersonated", [False, True])
def test_a_workloads_token_is_exchanged_as_google_auth_does(issuer, place, impersonated, tmp_path):
    (tmp_path / "token").write_text('{"value": "the-subject"}' if place == "JSON file" else "the-subject")
    as_json = {"format": {"type": "json", "subject_token_field_name": "value"}}
    source = {
        "text file": {"file": str(tmp_path / "token")},
        "JSON file": {"file": str(tmp_path / "token"), **as_json},
        "URL": {"url": f"{issuer.origin}/subject?a=b", "headers": {"X-Custom": "yes"}, **as_json},
    }[place]
    content = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{issuer.origin}/sts",
        "credential_source": source,
    }
    if impersonated:
        # google-auth takes the account from this URL's form.
        content["service_account_impersonation_url"] = (
            f"{issuer.origin}/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
        )
    path = written(tmp_path, content)
    ours, theirs = both(issuer, "external", path, tmp_path)
    assert [request["path"] for request in ours] == [request["path"] for request in theirs]
    for our_request, their_request in zip(ours, theirs, strict=True):
        for part in ("method", "query", "authorization", "custom"):
            assert our_request[part] == their_request[part], part
        if our_request["path"] == "/sts":
            assert form_of(our_request) == form_of(their_request)
        elif our_request["method"] == "POST":
            assert meant(our_request) == meant(their_request)


def meant(request):
    """A JSON body without what says nothing."""
    assert request["type"] == "application/json"
    return {name: value for name, value in json.loads(request["body"]).items() if value}


def test_the_metadata_server_is_asked_as_google_auth_asks_it(issuer, tmp_path):
    ours, theirs = both(issuer, "metadata", None, tmp_path)
    (ours,) = ours
    (theirs,) = [request for request in theirs if request["path"].endswith("/token")]
    for part in ("method", "path", "query", "flavor"):
        assert ours[part] == theirs[part], part


def test_gclouds_own_file_is_found_without_a_variable(issuer, tmp_path):
    (tmp_path / "gcloud").mkdir()
    (tmp_path / "gcloud" / "application_default_credentials.json").write_text(
        json.dumps(
            {
                "type": "authorized_user",
                "client_id": "id",
                "client_secret": "secret",
                "refresh_token": "refresh",
                "token_uri": f"{issuer.origin}/token",
            }
        )
    )
    (request,) = run([PROGRAM], issuer, None, tmp_path)
    assert request["path"] == "/token"
