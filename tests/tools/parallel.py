# SPDX-License-Identifier: ISC
"""Several things at once, and how long something takes."""

import concurrent.futures
import threading
import time


def together(jobs):
    """Call all these functions at the same moment, each in a thread of its
    own; what they returned, in their order. A failure in a thread is one of
    the test."""
    jobs = list(jobs)
    barrier = threading.Barrier(len(jobs))

    def run(job):
        barrier.wait()
        return job()
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


class Later:
    """job() in a thread of its own, beside what the test does."""

    def __init__(self, job):
        self._value = self._failure = None
        self._thread = threading.Thread(target=self._run, args=(job,))
        self._thread.start()

    def _run(self, job):
        try:
            self._value = job()
        except BaseException as error:  # pylint: disable=broad-except
            self._failure = error

    def under_way(self):
        """Whether it has not come to its end."""
        return self._thread.is_alive()

    def result(self, timeout=60):
        """What it returned or raised."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "still under way"
        if self._failure:
            raise self._failure
        return self._value


def timed(job):
    """job() as (seconds, what it returned)."""
    started = time.monotonic()
    value = job()
    return time.monotonic() - started, value
