"""A bucket of S3, spoken to as the real one is.

*Called by*: tests of chat.files. *Keeps true*: a process of its own, with one empty bucket; ended with the test.
"""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3

from tests.stack import free_port

NAME = "parley-test"
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


class Bucket:
    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(argv, env=dict(os.environ), **quiet)  # type: ignore[call-overload]
        self._wait()
        self.client = boto3.client("s3", endpoint_url=self.url, **KEYS)
        self.client.create_bucket(Bucket=NAME)

    @property
    def keys(self) -> list[str]:
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=NAME).get("Contents", [])]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(15)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.url, timeout=2).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the bucket's server did not start")
