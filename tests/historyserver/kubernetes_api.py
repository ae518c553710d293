"""A stand-in for the Kubernetes API server, over TLS: RayClusters, Secrets and the proxy of services, as documented
under "API concepts" (lists in pages, Status objects) and "Access services running on clusters". No Kubernetes runs
on a machine of ours."""

import base64
import http.client
import json
import re
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

RAYCLUSTERS = re.compile(r"/apis/ray\.io/v1/(?:namespaces/(?P<namespace>[^/]+)/)?rayclusters(?:/(?P<name>[^/]+))?$")
RAYSERVICE = re.compile(r"/apis/ray\.io/v1/namespaces/(?P<namespace>[^/]+)/rayservices/(?P<name>[^/]+)$")
SECRET = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/secrets/(?P<name>[^/]+)$")
PROXY = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/services/(?P<service>[^/]+):dashboard/proxy(?P<target>/.*)$"
)
PAGE = 2  # of a list, however many are asked for


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificates(folder):
    """ca.crt, and signed by it api.crt with api.key for 127.0.0.1 and client.crt with client.key."""
    folder = Path(folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2]
    openssl("req", "-x509", *key, "-subj", "/CN=kubernetes", "-keyout", folder / "ca.key", "-out", folder / "ca.crt")
    for name in ("api", "client"):
        openssl(
            "req", "-x509", *key, "-subj", f"/CN={name}",
            "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
            "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt",
        )  # fmt: skip
    return folder


def ray_cluster(name, namespace="ml", port=8265, service=None, owner=None, suspended=False, auth=None):
    """As the operator has it. `owner`: ("RayJob", name). `auth`: spec.authOptions."""
    labels = {"ray.io/originated-from-crd": owner[0], "ray.io/originated-from-cr-name": owner[1]} if owner else {}
    ports = [{"containerPort": 6379, "name": "gcs-server"}, {"containerPort": port, "name": "dashboard"}]
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "creationTimestamp": "2026-11-23T03:21:00Z",
        },
        "spec": {
            **({"suspend": True} if suspended else {}),
            **({"authOptions": auth} if auth else {}),
            "headGroupSpec": {"template": {"spec": {"containers": [{"name": "ray-head", "ports": ports}]}}},
        },
        "status": {
            "state": "suspended" if suspended else "ready",
            "head": {"serviceName": f"{name}-head-svc" if service is None else service},
        },
    }


class KubernetesApi:
    def __init__(self, certificates):
        self.certificates = Path(certificates)
        self.tokens = {"pod-token"}  # those it knows
        self.clusters = []
        self.services = {}  # (namespace, name): {"active": cluster's name, "pending": likewise}
        self.secrets = {}  # (namespace, name): {key: text}
        self.forbidden = set()  # of "list", "watch", "get", "services", "secrets"
        self.watches_expire = False  # as when the changes since a watch's version are no longer known
        self.watches = 0  # under way
        self.away = threading.Event()  # set: watches break off, and nothing is answered
        self.heads = {}  # (namespace, service): port, for the proxy
        self.requests = []  # (path with query, headers)
        self.versions = []  # of the clusters, by resource version
        self.stopped = threading.Event()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if api.away.is_set():
                    self.close_connection = True
                    return None
                api.requests.append((self.path, dict(self.headers.items())))
                who = self.headers.get("Authorization", "").removeprefix("Bearer ")
                if who not in api.tokens and not self.connection.getpeercert():
                    return self.refuse(401, "Unauthorized")
                path = urlsplit(self.path).path
                if match := PROXY.match(self.path):
                    return self.pass_on(match)
                if (match := RAYCLUSTERS.match(path)) and "watch=true" in self.path:
                    return self.watch()
                if match := RAYCLUSTERS.match(path):
                    return self.cluster(match) if match["name"] else self.list(match["namespace"])
                if match := RAYSERVICE.match(path):
                    return self.service(match)
                if match := SECRET.match(path):
                    return self.secret(match)
                return self.refuse(404, "the server could not find the requested resource")

            do_HEAD = do_GET

            def watch(self):
                """Documented under "Efficient detection of changes": a line for each change, and bookmarks."""
                if "watch" in api.forbidden:
                    return self.refuse(403, 'rayclusters.ray.io is forbidden: cannot watch resource "rayclusters"')
                query = parse_qs(urlsplit(self.path).query)
                known = api.versions[int(query["resourceVersion"][0])]
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                api.watches += 1
                try:
                    while not api.away.is_set():
                        if api.watches_expire:
                            gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
                            return self.send_event("ERROR", gone)
                        known = self.send_changes(known, api.by_name())
                        api.stopped.wait(0.02)
                        if api.stopped.is_set():
                            return None
                finally:
                    api.watches -= 1
                    self.close_connection = True

            def send_changes(self, before, now):
                for name in before.keys() - now.keys():
                    self.send_event("DELETED", before[name])
                for name in now.keys() - before.keys():
                    self.send_event("ADDED", now[name])
                for name in now.keys() & before.keys():
                    if now[name] != before[name]:
                        self.send_event("MODIFIED", now[name])
                if now != before:
                    self.send_event("BOOKMARK", {"kind": "RayCluster", "metadata": {}})
                return now

            def send_event(self, kind, thing):
                thing = json.loads(json.dumps(thing))
                if kind != "ERROR":
                    thing["metadata"]["resourceVersion"] = api.new_version()
                line = json.dumps({"type": kind, "object": thing}).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

            def list(self, namespace):
                if "list" in api.forbidden and not namespace:
                    return self.refuse(403, 'rayclusters.ray.io is forbidden: cannot list resource "rayclusters"')
                query = parse_qs(urlsplit(self.path).query)
                labels = dict(pair.split("=") for pair in query.get("labelSelector", [""])[0].split(",") if pair)
                found = [
                    cluster
                    for cluster in api.clusters
                    if namespace in (None, cluster["metadata"]["namespace"])
                    and labels.items() <= cluster["metadata"]["labels"].items()
                ]
                begin = int(query.get("continue", ["0"])[0])
                rest = {"continue": str(begin + PAGE)} if begin + PAGE < len(found) else {}
                rest["resourceVersion"] = api.new_version()
                self.send_json({"kind": "RayClusterList", "metadata": rest, "items": found[begin : begin + PAGE]})

            def cluster(self, match):
                if "get" in api.forbidden:
                    return self.refuse(403, 'rayclusters.ray.io is forbidden: cannot get resource "rayclusters"')
                for cluster in api.clusters:
                    meta = cluster["metadata"]
                    if (meta["namespace"], meta["name"]) == (match["namespace"], match["name"]):
                        return self.send_json(cluster)
                return self.refuse(404, f'rayclusters.ray.io "{match["name"]}" not found')

            def service(self, match):
                if "services" in api.forbidden:
                    return self.refuse(403, 'rayservices.ray.io is forbidden: cannot get resource "rayservices"')
                clusters = api.services.get((match["namespace"], match["name"]))
                if clusters is None:
                    return self.refuse(404, f'rayservices.ray.io "{match["name"]}" not found')
                status = {f"{which}ServiceStatus": {"rayClusterName": name} for which, name in clusters.items()}
                return self.send_json({"kind": "RayService", "metadata": match.groupdict(), "status": status})

            def secret(self, match):
                if "secrets" in api.forbidden:
                    return self.refuse(403, f'secrets "{match["name"]}" is forbidden')
                texts = api.secrets.get((match["namespace"], match["name"]))
                if texts is None:
                    return self.refuse(404, f'secrets "{match["name"]}" not found')
                data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
                return self.send_json({"kind": "Secret", "data": data})

            def pass_on(self, match):
                port = api.heads.get((match["namespace"], match["service"]))
                if port is None:
                    return self.refuse(503, f'no endpoints available for service "{match["service"]}"')
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                headers = {name: value for name, value in self.headers.items() if name != "Authorization"}
                connection.request(self.command, match["target"], headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                connection.close()

            def refuse(self, status, message):
                self.send_json({"kind": "Status", "status": "Failure", "message": message, "code": status}, status)

            def send_json(self, value, status=200):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates / "api.crt", self.certificates / "api.key")
        context.load_verify_locations(self.certificates / "ca.crt")
        context.verify_mode = ssl.CERT_OPTIONAL

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, client_address):
                # On the connection's own thread: a client that does not trust us holds nobody up.
                try:
                    with context.wrap_socket(request, server_side=True) as encrypted:
                        super().finish_request(encrypted, client_address)
                except OSError:
                    pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def by_name(self):
        return {(cluster["metadata"]["namespace"], cluster["metadata"]["name"]): cluster for cluster in self.clusters}

    def new_version(self):
        self.versions.append(json.loads(json.dumps(list(self.by_name().items()))))
        self.versions[-1] = {tuple(name): cluster for name, cluster in self.versions[-1]}
        return str(len(self.versions) - 1)

    def asked(self, path):
        """The headers of each request to it."""
        return [headers for target, headers in self.requests if urlsplit(target).path == path]

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
