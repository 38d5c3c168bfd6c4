#!/usr/bin/env python3
"""WebRTC listeners on one core: what a forwarded packet costs, what a listener weighs, how soon one hears.

onair has one core and the generator the other. In each round, with redundancy (RED) off, then on,
then off with packets of 40 ms, a fresh server lets --listeners join the demo at --rate a second; when all hear, CPU and packets are counted for
--seconds. What the demo costs without listeners is measured first and taken off.

The floor is AES-128-GCM and one sendto for each packet, of the same length and to as many sockets, measured on
the same cores right after each round (`onair-load floor`). Targets: at most twice the floor with RED off;
80 KB for a listener; nothing lost; 95 % hear within 500 ms at 20 joins a second. The other rounds are told and not
judged, but for what they lose.
"""

import argparse
import time

import house


def idle_share(pid, seconds):
    """CPU seconds a second of the server without listeners."""
    before, start = house.cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (house.cpu_seconds(pid) - before) / (time.monotonic() - start)


class Round:
    """A fresh server, its listeners, and the floor beside it."""

    def __init__(self, arguments, red, packet_ms=20):
        settings = {
            "ONAIR_RTC_PACKET_MS": str(packet_ms),
            "ONAIR_WEBRTC_LISTENERS_MAX": str(max(arguments.listeners, 100)),
            "ONAIR_RTC_RED": "always" if red else "off",
        }
        with house.station("--demo=true", environment=settings) as onair:
            onair.playlist("demo", "main")
            idle = idle_share(onair.pid, 10)
            self.heard = house.load(
                "webrtc", onair.web, "demo", "--listeners", arguments.listeners,
                "--duration", arguments.seconds, "--join-rate", arguments.rate,
                "--watch", onair.pid, "--json", "-", *(["--red"] if red else []),
            )
        packets = self.heard["packetsMeasured"]
        if not packets:
            raise house.Failed(f"nothing was heard: {self.heard['errors']} {self.heard['refusal'] or ''}")
        server = self.heard["server"]
        self.cost = (server["cpuSeconds"] - idle * self.heard["seconds"]) / packets * 1e6
        self.memory = (server["rssAfter"] - server["rssBefore"]) / 1e3 / self.heard["listeners"]
        self.payload = round(self.heard["bytesMeasured"] / packets)
        self.floor = house.load(
            "floor", "--listeners", arguments.listeners, "--payload", self.payload, "--duration", 10,
            "--core", house.SERVER_CORE, "--sink-core", house.LOAD_CORE,
            core=f"{house.SERVER_CORE},{house.LOAD_CORE}",
        )
        if self.floor["received"] < 0.99 * self.floor["packets"]:
            raise house.Failed("the floor's packets were not read in time: the machine is busy")

    def show(self, name):
        heard, join = self.heard, self.heard["join"]
        print(
            f"{name}: {heard['joined']} of {heard['listeners']} listeners, {heard['packetsMeasured']:,} packets of"
            f" {self.payload} bytes in {heard['seconds']:.0f} s"
        )
        share = 100 * heard["server"]["cpuSeconds"] / heard["seconds"]
        generator = 100 * heard["generatorCpuSeconds"] / heard["seconds"]
        print(f"  server {share:.1f} % of its core, generator {generator:.1f} % of its own")
        print(
            f"  {self.cost:.2f} µs a packet, floor {self.floor['microseconds']:.2f} µs:"
            f" {self.cost / self.floor['microseconds']:.2f} times the floor"
        )
        print(f"  {self.memory:.1f} KB a listener; lost {heard['lost']}, late {heard['late']}")
        print(
            f"  join p50 {join['p50Ms']:.0f}, p95 {join['p95Ms']:.0f}, max {join['maxMs']:.0f} ms;"
            f" jitter p95 {heard['jitterMs']['p95']:.2f} ms;"
            f" round trip p50 {heard['roundTrip']['p50Ms']:.2f} ms",
            flush=True,
        )


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=20.0, help="joins a second")
    arguments = parser.parse_args()

    plain = Round(arguments, red=False)
    plain.show("RED off")
    redundant = Round(arguments, red=True)
    redundant.show("RED on")
    longer = Round(arguments, red=False, packet_ms=40)
    longer.show("packets of 40 ms")
    heard = plain.heard
    return all([
        house.verdict("a packet, in floors", plain.cost / plain.floor["microseconds"], "", 2.0),
        house.verdict("memory of a listener", plain.memory, "KB", 80.0),
        house.verdict("packets lost", heard["lost"] + redundant.heard["lost"] + longer.heard["lost"], "", 0),
        house.verdict("join, p95", heard["join"]["p95Ms"], "ms", 500.0),
        house.verdict("listeners that heard something", heard["joinPercent"], "%", 100.0, at_most=False),
    ])


if __name__ == "__main__":
    house.main(benchmark)
