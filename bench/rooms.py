#!/usr/bin/env python3
"""A full room on one core: how soon a message reaches everybody, and what a connection weighs.

onair has one core and the generator the other. In each round a fresh server lets --connections people into the
room of the demo, --joins a second; when all are in, some of them send for --seconds: one message a second together,
then 200. Every one of them is a listener that an API key names, since guests may not speak.

Targets: everybody gets in and stays; every message reaches everybody once and in order, 99 of 100 within 250 ms.
What a connection weighs, and what the server takes of its core, is told and not judged.
"""

import argparse
import secrets

import house

P99 = 250.0


class Round:
    """A fresh server, and the people in its room."""

    def __init__(self, arguments, rate):
        key, secret = "bench" + secrets.token_hex(8), secrets.token_urlsafe(32)
        settings = {
            "ONAIR_API_KEY": key,
            "ONAIR_API_SECRET": secret,
            # Everybody comes from one address and is named by one key.
            "ONAIR_API_RATE_PER_ADDRESS": "100000",
            "ONAIR_API_RATE_PER_USER": "100000",
            "ONAIR_HTTP_CONNECTIONS_MAX": str(arguments.connections + 1000),
        }
        with house.station("--demo=true", environment=settings) as onair:
            onair.playlist("demo", "main")
            self.heard = house.load(
                "signal", "--url", onair.web, "--broadcast", "demo", "--connections", arguments.connections,
                "--joins-per-second", arguments.joins, "--messages-per-second", rate,
                "--duration", arguments.seconds, "--api-key", key, "--api-secret", secret,
                "--p99-ms", P99, "--pid", onair.pid, "--json", "-",
            )
        self.rate = rate

    def show(self):
        heard, join, delay = self.heard, self.heard["join"], self.heard["delay"]
        server = 100 * heard["server"]["cpuSeconds"] / max(heard["seconds"], 1e-9)
        generator = 100 * heard["generatorCpuSeconds"] / max(heard["seconds"], 1e-9)
        print(f"{self.rate:g} messages a second: {heard['joined']} of {heard['connections']} connections")
        print(f"  join p50 {join['p50Ms']:.1f}, p95 {join['p95Ms']:.1f}, p99 {join['p99Ms']:.1f}, max {join['maxMs']:.1f} ms")
        print(
            f"  {heard['sent']:,} messages, {heard['heard']:,} times heard: p50 {delay['p50Ms']:.1f}, p95 {delay['p95Ms']:.1f},"
            f" p99 {delay['p99Ms']:.1f}, max {delay['maxMs']:.1f} ms"
        )
        print(
            f"  missing {heard['missing']}, doubled {heard['doubled']}, reordered {heard['reordered']},"
            f" dropped connections {heard['dropped']}"
        )
        weight = (heard["serverBytesPerConnection"] or 0) / 1e3
        print(
            f"  server {server:.1f} % of its core and {weight:.1f} KB a connection;"
            f" generator {generator:.1f} % of its own, {heard['framesPerSecond']:,.0f} frames a second"
        )
        for what in ("joinFailures", "drops", "errors"):
            for reason, count in heard[what].items():
                print(f"  {what}: {count} times: {reason}")
        print(end="", flush=True)

    def verdicts(self):
        name, heard = f"at {self.rate:g} a second", self.heard
        wrong = heard["missing"] + heard["doubled"] + heard["reordered"]
        return [
            house.verdict(f"in the room, {name}", heard["joined"] - heard["dropped"], "", heard["connections"], at_most=False),
            house.verdict(f"missing, doubled or out of order, {name}", wrong, "", 0),
            house.verdict(f"to each receiver, p99, {name}", heard["delay"]["p99Ms"], "ms", P99),
            house.verdict(f"messages heard, {name}", heard["heard"], "", heard["sent"] * heard["connections"], at_most=False),
        ]


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--joins", type=float, default=500.0, help="joins a second")
    parser.add_argument("--rates", type=float, nargs="+", default=[1.0, 200.0], help="messages a second")
    arguments = parser.parse_args()

    verdicts = []
    for rate in arguments.rates:
        people = Round(arguments, rate)
        people.show()
        verdicts += people.verdicts()
    return all(verdicts)


if __name__ == "__main__":
    house.main(benchmark)
