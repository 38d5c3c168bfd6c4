#!/usr/bin/env python3
"""What the API takes at a steady rate, on one core, with SQLite.

Requests leave on a schedule, whatever became of those before (an open loop), over connections that stay open. The
time of each counts from when it was due, so that a queue in the server is in the figure. Signing in is not among
the requests: a password is to be slow to try. Those that write show an API key, as the servers of a customer do.

Target: p95 below 20 ms at 200 requests a second.
"""

import argparse
import asyncio
import collections
import itertools
import json
import os
import time
import urllib.request

import house

PASSWORD = "long and only the admin's"

# Accounts that make broadcasts. Each makes 20 at once and one more every 5 s: enough for a quarter of an hour.
HOSTS = 18

# How often each is asked, of the sum. Players that listen make most of the requests a station gets.
REQUESTS = [
    (28, "POST", "/api/broadcasts/demo/heartbeat"),
    (25, "GET", "/api/broadcasts/demo"),
    (20, "GET", "/api/broadcasts?status=live&limit=20"),
    (9, "GET", "/api/broadcasts?q=demo"),
    (9, "GET", "/api/broadcasts/demo/viewers"),
    (2, "GET", "/api/time"),
    (2, "GET", "/api/config"),
    (2, "POST", "/api/broadcasts"),
    (3, "PATCH", "/api/broadcasts/{own}"),
]


def schedule():
    """The requests in turn, each as often as it is asked, mixed the same way each time."""
    turns = []
    for share, method, path in REQUESTS:
        turns += [(index / share, method, path) for index in range(share)]
    turns.sort()
    return itertools.cycle([(method, path) for _, method, path in turns])


def call(station, method, path, body=None, token=None):
    """One request before the clock runs; its answer."""
    request = urllib.request.Request(station.web + path, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = json.dumps(body or {}).encode()
    with urllib.request.urlopen(request, data=data if method != "GET" else None) as answer:
        return json.loads(answer.read())


class Server:
    """Somebody's server: an API key of theirs, and a broadcast that they change now and then."""

    def __init__(self, station, admin, number):
        who = {"email": f"host{number}@example.org", "username": f"host{number}", "password": PASSWORD}
        session = call(station, "POST", "/api/auth/register", who)
        # Keys are made by admins.
        call(station, "PATCH", f"/api/admin/users/{session['user']['id']}", {"role": "admin"}, admin)
        session = call(station, "POST", "/api/auth/refresh", {"refreshToken": session["refreshToken"]})
        token = session["accessToken"]
        key = call(station, "POST", "/api/admin/api-keys", {"name": "bench", "role": "host"}, token)
        self.head = f"X-API-Key: {key['key']}\r\nX-API-Secret: {key['secret']}\r\n"
        self.own = call(station, "POST", "/api/broadcasts", {"title": "Own"}, token)["id"]


def servers(station):
    """Those that write, signed in and at work in turn."""
    login = {"email": "admin@localhost", "password": PASSWORD}
    admin = call(station, "POST", "/api/auth/login", login)["accessToken"]
    return [Server(station, admin, number) for number in range(HOSTS)]


def request(method, path, number, writers):
    body, head = None, ""
    if path.endswith("/heartbeat"):
        body = {"session": f"player-{number % 100}"}
    elif method != "GET":
        server = next(writers)
        body = {"title": f"Show {number}", "description": "A show about shows. " * 20, "tags": ["talk", "bench"]}
        head, path = server.head, path.replace("{own}", server.own)
    data = json.dumps(body).encode() if body else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: onair\r\nContent-Length: {len(data)}\r\n{head}"
    if data:
        head += "Content-Type: application/json\r\n"
    return head.encode() + b"\r\n" + data


async def answer(reader):
    """The status of one answer, read to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
    return status


async def ask(port, writers, arguments):
    """Milliseconds of every request by its name, and those that were not answered with 2xx."""
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(arguments.connections)]
    free = asyncio.Queue()
    for connection in idle:
        free.put_nowait(connection)
    times, refused = collections.defaultdict(list), collections.Counter()
    turns, number, writers = schedule(), itertools.count(), itertools.cycle(writers)

    async def one(due, method, path):
        reader, writer = await free.get()
        writer.write(request(method, path, next(number), writers))
        status = await answer(reader)
        free.put_nowait((reader, writer))
        times[f"{method} {path}"].append((time.monotonic() - due) * 1e3)
        if status >= 300:
            refused[f"{status} {method} {path}"] += 1

    asked, begin = [], time.monotonic()
    for index in range(int(arguments.rate * arguments.seconds)):
        due = begin + index / arguments.rate
        await asyncio.sleep(max(0, due - time.monotonic()))
        asked.append(asyncio.create_task(one(due, *next(turns))))
    await asyncio.gather(*asked)
    for _, writer in idle:
        writer.close()
    return times, refused


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {int(house.LOAD_CORE)})
    unlimited = ["--api-rate-per-address", "1000000", "--api-rate-per-user", "1000000"]
    with house.station("--demo", "--admin-password", PASSWORD, *unlimited) as station:
        port = int(station.web.rpartition(":")[2])
        writers = servers(station)
        before = house.cpu_seconds(station.pid)
        times, refused = asyncio.run(ask(port, writers, arguments))
        cpu = (house.cpu_seconds(station.pid) - before) / arguments.seconds
    for name, values in sorted(times.items()):
        p50, p95, p99 = (percentile(values, share) for share in (0.5, 0.95, 0.99))
        print(f"  {name}: p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f} ms ({len(values):,})")
    print(f"  server: {cpu * 100:.1f} % of a core, the demo on air included")
    for name, count in refused.items():
        print(f"  refused {count:,} times: {name}")
    everything = [value for values in times.values() for value in values]
    fast = house.verdict("p95 of the API", percentile(everything, 0.95), "ms", 20)
    return fast and not refused


if __name__ == "__main__":
    house.main(benchmark)
