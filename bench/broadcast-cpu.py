#!/usr/bin/env python3
"""CPU of one live broadcast: three rungs and the loudness meter, published by ffmpeg over RTMP.

For each profile a server of its own: ten seconds of rest to measure it without a publisher, then the
broadcast. ffmpeg runs on the other core and is not counted. Targets: 2.0 % of a core for `standard`,
1.1 % for `voice`, the idle server's share taken off.
"""

import argparse
import re
import subprocess
import time

import house

TARGETS = {"standard": 2.0, "voice": 1.1}


def stream_key(onair):
    """The key of `studio`, as the banner tells it."""
    def told():
        found = re.search(r"Stream key\s+(\S+)", onair.log.read_text())
        return found and found.group(1)

    return house.wait_for("stream key in the banner", told)


def publish(onair, key):
    """ffmpeg with two voices' worth of sound: noise that rises and falls, over a tone."""
    sound = "aevalsrc=0.2*sin(2*PI*220*t)*(0.6+0.4*sin(2*PI*3*t))+0.05*random(0)-0.025|0.2*sin(2*PI*330*t):s=48000"
    command = [
        house.need("ffmpeg"), "-hide_banner", "-nostats", "-loglevel", "error", "-re", "-f", "lavfi", "-i", sound,
        "-c:a", "aac", "-b:a", "128k", "-f", "flv", f"{onair.rtmp}/{key}",
    ]
    return house.running(command, house.LOAD_CORE, output=subprocess.DEVNULL)


def share(pid, seconds):
    """Percent of a core that a process takes, whole and by thread."""
    before, threads, start = house.cpu_seconds(pid), house.cpu_by_thread(pid), time.monotonic()
    time.sleep(seconds)
    whole, after, passed = house.cpu_seconds(pid), house.cpu_by_thread(pid), time.monotonic() - start
    by_thread = {name: 100 * (spent - threads.get(name, 0.0)) / passed for name, spent in after.items()}
    return 100 * (whole - before) / passed, by_thread


def measure(profile, arguments):
    settings = {"ONAIR_STUDIO_AUDIO_PROFILE": profile}
    with house.station(environment=settings) as onair:
        key = stream_key(onair)
        time.sleep(2)
        idle, _ = share(onair.pid, 10)
        with publish(onair, key) as ffmpeg:
            onair.playlist("studio", "main")
            time.sleep(5)
            live, threads = share(onair.pid, arguments.seconds)
            if ffmpeg.poll() is not None:
                raise house.Failed(f"ffmpeg stopped with status {ffmpeg.returncode}")
    print(f"{profile}: {live:.2f} % of a core on air, {idle:.2f} % idle")
    for name, percent in sorted(threads.items(), key=lambda item: -item[1]):
        if percent >= 0.005:
            print(f"  {name}: {percent:.2f} %")
    return house.verdict(f"{profile} broadcast", live - idle, "%", TARGETS[profile])


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--profile", choices=sorted(TARGETS), action="append")
    arguments = parser.parse_args()
    profiles = arguments.profile or ["standard", "voice"]
    return all([measure(profile, arguments) for profile in profiles])


if __name__ == "__main__":
    house.main(benchmark)
