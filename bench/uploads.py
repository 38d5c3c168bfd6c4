#!/usr/bin/env python3
"""What the object store costs: CPU of bringing one broadcast there, and requests in an hour.

A server of its own with a bucket, and one without; ffmpeg publishes to each in turn, from the other core. The store
is a sink that takes what it is given, so nothing but the station's share is counted: reading files, signing, HTTP.
Targets: 0.5 % of a core more than without, 3,300 PUTs in an hour (three rungs of 3.84 s are 2,813, playlists come
on top).
"""

import argparse
import http.server
import importlib.util
import pathlib
import threading
import time

import house

CPU_TARGET = 0.5
PUTS_TARGET = 3300


def broadcast_cpu():
    """The functions of the benchmark beside this one; its name is no identifier."""
    path = pathlib.Path(__file__).with_name("broadcast-cpu.py")
    spec = importlib.util.spec_from_file_location("broadcast_cpu", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes every object and keeps none, so that a list of them is empty."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        listed = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
        self.send_response(200)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", str(len(listed)))
        self.end_headers()
        self.wfile.write(listed)

    def do_PUT(self):
        length = int(self.headers.get("content-length", 0))
        self.rfile.read(length)
        self.server.puts.append((time.monotonic(), self.path, length))
        self.send_response(200)
        self.send_header("etag", '"0"')
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def store():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    server.puts = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def measure(seconds, bucket=None):
    """Percent of a core on air, and what came to the store meanwhile."""
    cpu = broadcast_cpu()
    settings = {"ONAIR_STUDIO_AUDIO_PROFILE": "standard"}
    if bucket:
        settings |= {
            "ONAIR_S3_BUCKET": "radio",
            "ONAIR_S3_ENDPOINT": f"http://127.0.0.1:{bucket.server_port}",
            "ONAIR_S3_ACCESS_KEY_ID": "bench",
            "ONAIR_S3_SECRET_ACCESS_KEY": "bench",
        }
    with house.station(environment=settings) as onair:
        key = cpu.stream_key(onair)
        with cpu.publish(onair, key) as ffmpeg:
            onair.playlist("studio", "main")
            time.sleep(10)
            since = time.monotonic()
            live, _ = cpu.share(onair.pid, seconds)
            until = time.monotonic()
            if ffmpeg.poll() is not None:
                raise house.Failed(f"ffmpeg stopped with status {ffmpeg.returncode}")
        came = [put for put in bucket.puts if since <= put[0] < until] if bucket else []
    return live, came, until - since


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=115.2, help="thirty slots, so that whole ones are counted")
    arguments = parser.parse_args()
    without, _, _ = measure(arguments.seconds)
    bucket = store()
    with_bucket, came, passed = measure(arguments.seconds, bucket)
    if not came:
        raise house.Failed("nothing came to the store")
    puts = len(came) * 3600 / passed
    megabytes = sum(length for _, _, length in came) * 3600 / passed / 1e6
    print(f"standard: {with_bucket:.2f} % of a core with a bucket, {without:.2f} % without")
    print(f"  {megabytes:.0f} MB in an hour, {len(came)} PUTs in {passed:.0f} s")
    return all([
        house.verdict("upload of a broadcast", with_bucket - without, "%", CPU_TARGET),
        house.verdict("PUTs in an hour", puts, "", PUTS_TARGET),
    ])


if __name__ == "__main__":
    house.main(benchmark)
