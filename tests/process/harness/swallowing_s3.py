"""An S3 that takes everything, counts its bytes and keeps none: for files larger than a test may store."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

READ_BYTES = 1 << 20


class SwallowingS3:
    def __init__(self):
        store = self
        self.sizes = {}  # of completed objects, by key
        self.uploads = {}  # ID: {part number: bytes}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def swallow(self):
                left = total = int(self.headers.get("Content-Length", 0))
                while left > 0:
                    left -= len(self.rfile.read(min(left, READ_BYTES)))
                return total

            def answer(self, status=200, xml="", **headers):
                body = xml.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_HEAD(self):  # noqa: N802
                # The bucket, path style: one segment.
                self.answer(200 if self.path.count("/") == 1 else 404)

            def do_GET(self):  # noqa: N802
                self.answer(xml="<ListBucketResult></ListBucketResult>" if "list-type" in self.path else
                            "<ListMultipartUploadsResult></ListMultipartUploadsResult>")

            def do_DELETE(self):  # noqa: N802
                self.answer(204)

            def do_PUT(self):  # noqa: N802
                size = self.swallow()
                part = re.search(r"partNumber=(\d+)&uploadId=(\w+)", self.path)
                if part:
                    store.uploads[part[2]][int(part[1])] = size
                else:
                    store.sizes[self.path] = size
                self.answer(ETag='"e"')

            def do_POST(self):  # noqa: N802
                self.swallow()
                path, _, query = self.path.partition("?")
                upload = re.search(r"uploadId=(\w+)", query)
                if upload:
                    store.sizes[path] = sum(store.uploads.pop(upload[1]).values())
                    result = "CompleteMultipartUploadResult"
                    return self.answer(xml=f'<{result}><ETag>"e"</ETag></{result}>')
                number = f"u{len(store.uploads)}x{len(store.sizes)}"
                store.uploads[number] = {}
                result = "InitiateMultipartUploadResult"
                return self.answer(xml=f"<{result}><UploadId>{number}</UploadId></{result}>")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.environment = {
            "STORAGE_BACKEND": "s3",
            "S3_BUCKET": "swallowed",
            "S3_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}",
            "S3_REGION": "us-east-1",
            "S3FORCE_PATH_STYLE": "true",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
