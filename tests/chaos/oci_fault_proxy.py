"""The fault proxy before the gateway of Oracle's Object Storage, with errors in Oracle's words."""

import json

from .fault_proxy import FaultProxy

CODES = {401: "NotAuthenticated", 403: "NotAuthorized", 500: "InternalServerError", 503: "ServiceUnavailable"}


def answer(status, code):
    body = json.dumps({"code": CODES.get(status, code), "message": "The fault proxy says so."}).encode()
    return (
        f"HTTP/1.1 {status} Fault\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


class OciFaultProxy(FaultProxy):
    reply_type = b"application/json"
    _answer = staticmethod(answer)
