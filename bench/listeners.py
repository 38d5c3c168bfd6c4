#!/usr/bin/env python3
"""Thousands of LL-HLS listeners on one core: delay of the last byte, CPU and memory of each.

onair has one core and the generator the other, over HTTP/1.1 in clear. Two runs:

1. Every listener only reloads: CPU of a held playlist, and memory of a held listener. What the demo costs
   without listeners is measured first and taken off.
2. Every listener holds a reload and fetches each part (two connections, as browsers have; one with
   --connections 1): the delay to the last byte, as it arrives in the generator, whose own queue is in it.

Targets: p99 of the last byte at most 150 ms after release; 30 µs and 20 KB for a held playlist. A part is
asked for after its playlist came, so the second run's figure holds two answers for each listener. On a
machine that does other work as well, run it with `chrt -r 1`: a queue for the core is no queue in onair.
"""

import argparse
import time

import house


def idle_share(pid, seconds):
    """CPU seconds a second of the server without listeners."""
    before, start = house.cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (house.cpu_seconds(pid) - before) / (time.monotonic() - start)


def listen(url, pid, arguments, *more):
    figures = house.load(
        "hls", url, "--listeners", arguments.listeners, "--duration", arguments.seconds,
        "--ramp", arguments.ramp, "--rung", arguments.rung, "--watch", pid, "--json", "-", *more,
    )
    if figures["errors"] or figures["stalls"]:
        print(f"  errors {figures['errors']}, stalls {figures['stalls']}")
    return figures


def show(name, delays):
    print(
        f"  {name}: p50 {delays['p50Ms']:.1f}, p95 {delays['p95Ms']:.1f}, p99 {delays['p99Ms']:.1f},"
        f" max {delays['maxMs']:.1f} ms ({delays['count']:,})"
    )


def growth(figures):
    """KB of the server's memory that each listener added."""
    server = figures["server"]
    return (server["rssAfter"] - server["rssBefore"]) / 1e3 / figures["listeners"]


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listeners", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--ramp", type=float, default=10.0)
    parser.add_argument("--rung", default="low")
    parser.add_argument("--connections", type=int, default=2, choices=(1, 2))
    arguments = parser.parse_args()

    # A fresh server for each run: memory that the first run's listeners left would hide the second's.
    with house.station("--demo=true") as onair:
        onair.playlist("demo", arguments.rung)
        url = f"{onair.web}/live/demo/index.m3u8"
        idle = idle_share(onair.pid, 10)
        only = listen(url, onair.pid, arguments, "--playlists-only")
    with house.station("--demo=true") as onair:
        onair.playlist("demo", arguments.rung)
        url = f"{onair.web}/live/demo/index.m3u8"
        full = listen(url, onair.pid, arguments, "--connections", arguments.connections)

    print(f"the demo without listeners: {100 * idle:.2f} % of a core")
    print(f"{full['listeners']} listeners, {arguments.connections} connection(s) each, playlists and parts:")
    show("playlist after the first listener had it", full["playlists"]["sinceFirst"])
    show("part after the first listener had the playlist", full["media"]["sinceFirst"])
    show("playlist after the grid instant", full["playlists"]["sinceGrid"])
    show("part after the grid instant", full["media"]["sinceGrid"])
    share = full["server"]["cpuSeconds"] / full["seconds"]
    generator = full["generatorCpuSeconds"] / full["seconds"]
    print(f"  server {100 * share:.1f} % of its core, generator {100 * generator:.1f} % of its own")
    print(f"  server memory {growth(full):.1f} KB a listener")
    held = only["playlists"]["sinceFirst"]["count"]
    if not held:
        raise house.Failed(f"no playlist was held: {only['errors']}")
    cost = (only["server"]["cpuSeconds"] - idle * only["seconds"]) / held * 1e6
    print(f"{only['listeners']} listeners that only reload: {held:,} held playlists")
    show("playlist after the grid instant", only["playlists"]["sinceGrid"])

    clean = not (full["errors"] or full["stalls"] or only["errors"])
    both = max(full["playlists"]["sinceGrid"]["p99Ms"], full["media"]["sinceGrid"]["p99Ms"])
    return all([
        house.verdict("p99, held playlists alone", only["playlists"]["sinceGrid"]["p99Ms"], "ms", 150.0),
        house.verdict("p99, playlists and then parts", both, "ms", 150.0),
        house.verdict("CPU of a held playlist", cost, "µs", 30.0),
        house.verdict("memory of a held listener", growth(only), "KB", 20.0),
        clean,
    ])


if __name__ == "__main__":
    house.main(benchmark)
