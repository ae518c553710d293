"""The fault proxy before fake-gcs-server, and the rule of Cloud Storage's that chaos is about and the emulator leaves
out: a compose or rewrite happens only while its generations are those that it names. Without it, a compose that came
twice would double a tail, as the real service never does."""

import http.client
import json
import re
import threading
from urllib.parse import parse_qs, quote, urlsplit

from .fault_proxy import FaultProxy, Request

COMPOSE = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<key>[^/]+)/compose")
REWRITE = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<key>[^/]+)/rewriteTo/.*")


def answer(status, reason):
    body = json.dumps(
        {"error": {"code": status, "message": "The fault proxy says so.", "errors": [{"reason": reason}]}}
    ).encode()
    return (
        f"HTTP/1.1 {status} Fault\r\nContent-Type: application/json; charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


class GcsFaultProxy(FaultProxy):
    reply_type = b"application/json"
    _answer = staticmethod(answer)

    def __init__(self, store_port, dice):
        self.refused_removals = 0
        self.one_at_a_time = threading.Lock()  # the look at a generation and what depends on it
        super().__init__(store_port, dice)

    def _count(self, fault, request, applied=False):
        super()._count(fault, request, applied)
        if request.method == "DELETE":
            self.refused_removals += 1

    def _forward(self, data, *send):
        head, _, body = data.partition(b"\r\n\r\n")
        request = Request(head, body)
        target = urlsplit(request.target)
        compose = COMPOSE.fullmatch(target.path)
        rewrite = REWRITE.fullmatch(target.path)
        if request.method != "POST" or not (compose or rewrite):
            return super()._forward(data, *send)
        with self.one_at_a_time:
            refusal = self._refusal(compose or rewrite, bool(compose), parse_qs(target.query), body)
            return refusal or super()._forward(data, *send)

    def _refusal(self, place, is_compose, query, body):
        if not is_compose:
            wanted = query.get("ifSourceGenerationMatch", [None])[0]
            found = self._generation(place["bucket"], place["key"])
            return answer(412, "conditionNotMet") if found != "0" and wanted not in (None, found) else None
        if query.get("ifGenerationMatch", [None])[0] not in (None, self._generation(place["bucket"], place["key"])):
            return answer(412, "conditionNotMet")
        for source in json.loads(body)["sourceObjects"]:
            found = self._generation(place["bucket"], quote(source["name"], safe=""))
            if found == "0":
                return answer(404, "notFound")
            if source.get("objectPreconditions", {}).get("ifGenerationMatch") not in (None, found):
                return answer(412, "conditionNotMet")
        return None

    def _generation(self, bucket, encoded_key):
        """Of no object, 0."""
        connection = http.client.HTTPConnection("127.0.0.1", self.store_port, timeout=20)
        try:
            connection.request("GET", f"/storage/v1/b/{bucket}/o/{encoded_key}")
            reply = connection.getresponse()
            resource = reply.read()
            return json.loads(resource)["generation"] if reply.status == 200 else "0"
        finally:
            connection.close()
