"""Posts events as Ray's aggregator agent does (ray 2.60, dashboard/modules/aggregator)."""

import http.client
import json
import time


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def counts(self):
        """("stored", "rejected", "duplicate") of a 200."""
        answer = json.loads(self.body)
        return answer["stored"], answer["rejected"], answer["duplicate"]

    def __repr__(self):
        return f"Answer({self.status}, {self.body[:200]!r})"


def request(port, method, path, body=None, headers=None, timeout_seconds=10.0, host="127.0.0.1"):
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def post(port, body, headers=None, **options):
    """One POST of a batch, no second try."""
    return request(
        port, "POST", "/v1/events", body, {"Content-Type": "application/json", **(headers or {})}, **options
    )


class Sender:
    """One batch in flight; 3 s for the answer; any status of 400 and above, or none, is tried again, for ever."""

    TIMEOUT_SECONDS = 3.0
    FIRST_DELAY_SECONDS = 0.01
    LONGEST_DELAY_SECONDS = 5.0

    def __init__(self, port):
        self.port = port
        self.tries = 0

    def send(self, body, give_up_after_seconds=60.0):
        """The answer that was below 400."""
        deadline = time.monotonic() + give_up_after_seconds
        delay = self.FIRST_DELAY_SECONDS
        while True:
            self.tries += 1
            try:
                answer = post(self.port, body, timeout_seconds=self.TIMEOUT_SECONDS)
                if answer.status < 400:
                    return answer
            except OSError:
                answer = None
            if time.monotonic() > deadline:
                raise TimeoutError(f"a batch was refused for {give_up_after_seconds:g} s, last with {answer}")
            time.sleep(delay)
            delay = min(2 * delay, self.LONGEST_DELAY_SECONDS)
