#!/usr/bin/env python3
"""Many broadcasts published at once, each one heard.

One account makes the broadcasts by API; an ffmpeg for each sends a prepared file as it is (no encoding, so that
the load generator costs little). A listener for each reads the playlist by blocking reloads, as a player does,
and every part that is listed.

A stall is a reload that brings no news within three part durations of its due time; a gap or a discontinuity in
a playlist is one too. Targets: every broadcast heard, no stall.
"""

import argparse
import contextlib
import json
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import house

PART = 0.64
# A reload that comes later than this leaves a player without sound: the hold-back of three parts.
STALL = 3 * PART


def call(onair, method, path, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(onair.web + path, data=data, headers=headers, method=method)
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            # One host is not let make fifty broadcasts in a second.
            if refused.code != 429:
                raise house.Failed(refused.read().decode()) from refused
            time.sleep(int(refused.headers["Retry-After"]))


def prepare(folder, seconds):
    """A file of tones that rise, long enough for the whole run."""
    path = f"{folder}/tones.flv"
    sound = "aevalsrc=0.3*sin(2*PI*(220+t/10)*t)|0.3*sin(2*PI*330*t):s=48000"
    command = [house.need("ffmpeg"), "-hide_banner", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", sound]
    subprocess.run([*command, "-t", str(seconds), "-c:a", "aac", "-b:a", "128k", path], check=True)
    return path


class Listener(threading.Thread):
    """Follows one broadcast to the end of the run."""

    def __init__(self, onair, broadcast, until):
        super().__init__(daemon=True)
        self.onair, self.broadcast, self.until = onair, broadcast, until
        self.parts, self.stalls, self.longest, self.failure = 0, 0, 0.0, None

    def run(self):
        try:
            url, text = self.onair.playlist(self.broadcast, "main")
            self.follow(url, text)
        except Exception as error:  # told in the verdict, whatever it is
            self.failure = error

    def follow(self, url, text):
        seen, news = set(), time.monotonic()
        while time.monotonic() < self.until:
            if "#EXT-X-DISCONTINUITY\n" in text or "#EXT-X-ENDLIST" in text:
                raise house.Failed("the broadcast was interrupted")
            fresh = [uri for uri in re.findall(r'#EXT-X-PART:[^\n]*URI="([^"]+)"', text) if uri not in seen]
            for uri in fresh[-1:] if not seen else fresh:
                part = house.get(url.rsplit("/", 1)[0] + "/" + uri)
                self.parts += len(part) > 1_000
            seen.update(fresh)
            if fresh:
                wait, news = time.monotonic() - news, time.monotonic()
                if self.parts > 1:
                    self.longest = max(self.longest, wait)
                    self.stalls += wait > STALL
            msn, part = re.search(r'#EXT-X-PRELOAD-HINT:[^\n]*URI="[a-z]+/(\d+)\.(\d+)\.m4s"', text).groups()
            text = house.get(f"{url}?_HLS_msn={msn}&_HLS_part={part}", timeout=15).decode()


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--broadcasts", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--profile", choices=["voice", "standard", "music"], default="voice")
    arguments = parser.parse_args()
    seconds = 60 * arguments.minutes
    flags = ["--rtmp-connections-per-address-max", "1000"]
    quiet = {"ONAIR_API_RATE_PER_ADDRESS": "1000"}
    with tempfile.TemporaryDirectory() as folder, house.station(*flags, environment=quiet) as onair:
        tones = prepare(folder, seconds + 60)
        name = {"email": "host@example.org", "username": "host", "password": "a long enough secret", "displayName": "Host"}
        token = call(onair, "POST", "/api/auth/register", body=name)["accessToken"]
        made = []
        for n in range(arguments.broadcasts):
            fields = {"title": f"Broadcast {n}", "audioProfile": arguments.profile}
            made.append(call(onair, "POST", "/api/broadcasts", token, fields))
        with contextlib.ExitStack() as publishers:
            for broadcast in made:
                ingest = broadcast["ingest"]
                command = [house.need("ffmpeg"), "-hide_banner", "-nostdin", "-loglevel", "error", "-re", "-i", tones]
                command += ["-c", "copy", "-f", "flv", f"{ingest['rtmpUrl']}/{ingest['rtmpStreamKey']}"]
                publishers.enter_context(house.running(command, house.LOAD_CORE))
            until = time.monotonic() + seconds
            listeners = [Listener(onair, broadcast["id"], until) for broadcast in made]
            before, start = house.cpu_seconds(onair.pid), time.monotonic()
            for listener in listeners:
                listener.start()
            for listener in listeners:
                listener.join(seconds + 60)
            share = 100 * (house.cpu_seconds(onair.pid) - before) / (time.monotonic() - start)
    for listener in listeners:
        if listener.failure:
            print(f"{listener.broadcast}: {listener.failure}")
    heard = sum(listener.parts * PART > 0.9 * seconds - 30 and not listener.failure for listener in listeners)
    print(f"{share:.0f} % of a core, longest wait for news {max(listener.longest for listener in listeners):.2f} s")
    return all([
        house.verdict("broadcasts heard", heard, "of them", arguments.broadcasts, at_most=False),
        house.verdict("stalls", sum(listener.stalls for listener in listeners), "in all", 0),
    ])


if __name__ == "__main__":
    house.main(benchmark)
