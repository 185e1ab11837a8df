"""Waiting for a condition with a deadline: never a fixed sleep, always a message that says what was last seen."""
import time


class Timeout(AssertionError):
    pass


def until(condition, seconds=10.0, what="condition", every=0.05):
    """Returns the first true value of `condition()`; fails after `seconds`, naming the last value seen."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Timeout(f"{what}: not within {seconds} s, last seen: {value!r}")
        time.sleep(every)
