"""Waiting for what must become true."""

import time


def wait_until(condition, what, timeout_seconds=30.0):
    """Returns the first truthy value of `condition()`; TimeoutError with `what` when there is none in time."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_seconds:g} s for {what}, in vain")
        time.sleep(0.05)
