"""Wait until a page answers: await_page.py URL SECONDS."""

import sys
import urllib.request

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

url, limit_s = sys.argv[1], float(sys.argv[2])
try:
    for attempt in Retrying(
        retry=retry_if_exception_type(OSError), stop=stop_after_delay(limit_s), wait=wait_fixed(0.5)
    ):
        with attempt:
            urllib.request.urlopen(url, timeout=30).close()  # noqa: S310 - the caller's own page
except RetryError:
    sys.exit(f"zipotify: {url} did not answer within {limit_s:.0f} s")
