#!/usr/bin/env python3
"""What thousands of LL-HLS listeners behind a collapsing cache ask the station for.

onair, before it Varnish or nginx with the files of deploy/, before that the listeners of onair-load: each holds a reload
of every playlist and fetches every part. The cache's own log of what it asked the station is counted by address.

Target: the station is asked at most once for each playlist update (its whole text and its delta update are two answers)
and each part, of each rung, however many listeners there are.

onair has one core, the cache and the listeners the other. A run takes --ramp and --seconds and some ten seconds more.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import pathlib
import tempfile

import house


def replaced(text, own):
    """`text` with what is a benchmark's own; each of it has to be there."""
    for there, here in own.items():
        if there not in text:
            raise house.Failed(f"{there} is not in the file")
        text = text.replace(there, here)
    return text


@contextlib.contextmanager
def varnish(station):
    """Address of a Varnish before `station`, and what tells how often it asked for what."""
    with tempfile.TemporaryDirectory(prefix="varnish-bench-") as name:
        folder, port = pathlib.Path(name), house.free_port()
        folder.chmod(0o755)
        deploy = house.ROOT / "deploy" / "varnish"
        (folder / "secrets.vcl").write_text((deploy / "secrets.vcl.example").read_text())
        text = (deploy / "onair.vcl").read_text()
        port_of = station.web.rpartition(":")[2]
        own = {"/etc/varnish/onair-secrets.vcl": str(folder / "secrets.vcl"), '.port = "8080"': f'.port = "{port_of}"'}
        text = replaced(text, own)
        (folder / "onair.vcl").write_text(text)
        log, work = folder / "asked.log", str(folder / "work")
        server = [house.need("varnishd"), "-F", "-j", "none", "-a", f"127.0.0.1:{port}", "-n", work,
                  "-s", "malloc,256m", "-f", str(folder / "onair.vcl")]
        writer = [house.need("varnishncsa"), "-b", "-n", work, "-t", "40", "-F", "%s %U%q", "-w", str(log)]
        with house.running(server, house.LOAD_CORE):
            url = f"http://127.0.0.1:{port}"
            house.wait_for("varnish", lambda: house.get(f"{url}/healthz"))
            with house.running(writer, house.LOAD_CORE):
                yield url, lambda: asked(log)


@contextlib.contextmanager
def nginx(station):
    """The same with nginx, whose log tells what it did not have."""
    with tempfile.TemporaryDirectory(prefix="nginx-bench-") as name:
        folder, port = pathlib.Path(name), house.free_port()
        # Started by root, nginx reads and writes as another user.
        folder.chmod(0o755)
        deploy = house.ROOT / "deploy"
        for file in ("nginx/onair.js", "edge/playback.js"):
            (folder / pathlib.Path(file).name).write_text((deploy / file).read_text())
        (folder / "secrets.conf").write_text((deploy / "nginx/secrets.conf.example").read_text())
        own = {
            "    ssl_certificate     /etc/nginx/onair/fullchain.pem;\n": "",
            "    ssl_certificate_key /etc/nginx/onair/privkey.pem;\n": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
            "server 127.0.0.1:8080;": f"server {station.web.removeprefix('http://')};",
            "/etc/nginx/onair": str(folder),
            "/var/cache/nginx/onair": f"{folder}/cache",
            "/var/log/nginx/onair.log": f"{folder}/edge.log",
        }
        (folder / "onair.conf").write_text(replaced((deploy / "nginx/onair.conf").read_text(), own))
        (folder / "nginx.conf").write_text(
            "load_module /usr/lib/nginx/modules/ngx_http_js_module.so;\nworker_processes 1; daemon off;\n"
            f"pid {folder}/pid; error_log {folder}/error.log;\nworker_rlimit_nofile 20000;\n"
            "events { worker_connections 16000; }\n"
            f"http {{ keepalive_requests 1000000; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;"
            f" fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;"
            f" include {folder}/onair.conf; }}\n"
        )
        log = folder / "edge.log"
        command = [house.need("nginx"), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]

        def missed():
            counts, others = collections.Counter(), collections.Counter()
            for line in log.read_text().splitlines():
                _, _, _, target, status, _, cache, _ = line.split("\t")
                if target.startswith("/live/") and cache not in ("HIT", "-"):
                    counts[target] += 1
                    if status != "200":
                        others[status] += 1
            return counts, others

        with house.running(command, house.LOAD_CORE):
            url = f"http://127.0.0.1:{port}"
            house.wait_for("nginx", lambda: house.get(f"{url}/healthz"))
            yield url, missed


CACHES = {"varnish": varnish, "nginx": nginx}


def asked(log):
    """How often the station was asked for each address, and how often it did not answer with 200."""
    counts, others = collections.Counter(), collections.Counter()
    for line in log.read_text().splitlines():
        status, _, target = line.partition(" ")
        if target.startswith("/live/"):
            counts[target] += 1
            if status != "200":
                others[status] += 1
    return counts, others


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cache", choices=CACHES, default="varnish")
    parser.add_argument("--listeners", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--ramp", type=float, default=10.0)
    parser.add_argument("--rungs", default="main,low,opus", help="each is heard by as many")
    arguments = parser.parse_args()
    house.more_files()

    rungs = arguments.rungs.split(",")
    each = arguments.listeners // len(rungs)

    def listen(rung):
        return house.load(
            "hls", f"{url}/live/demo/index.m3u8", "--listeners", each, "--duration", arguments.seconds,
            "--ramp", arguments.ramp, "--rung", rung, "--watch", onair.pid, "--json", "-",
        )

    with house.station("--demo=true") as onair, CACHES[arguments.cache](onair) as (url, told):
        onair.playlist("demo", rungs[0])
        with concurrent.futures.ThreadPoolExecutor(len(rungs)) as crowds:
            heard = list(crowds.map(listen, rungs))
        counts, others = house.wait_for("log", lambda: told() if told()[0] else None)

    updates = {target: count for target, count in counts.items() if "_HLS_msn=" in target}
    parts = {target: count for target, count in counts.items() if target.endswith(".m4s")}
    if not updates or not parts:
        raise house.Failed(f"{arguments.cache} asked for {len(updates)} updates and {len(parts)} parts")
    answers = sum(figures["requests"] for figures in heard)
    errors = sum(sum(figures["errors"].values()) for figures in heard)
    stalls = sum(figures["stalls"] for figures in heard)
    station = max(figures["server"]["cpuSeconds"] / figures["seconds"] for figures in heard)
    print(
        f"{each * len(rungs)} listeners of {', '.join(rungs)}: {answers:,} answers in"
        f" {arguments.ramp + arguments.seconds:.0f} s, of which the station gave {sum(counts.values()):,}"
        f" ({100 * (1 - sum(counts.values()) / answers):.2f} % by the cache)"
    )
    print(f"  updates: {len(updates)}, asked for {sum(updates.values())} times; parts: {len(parts)}, {sum(parts.values())} times")
    print(f"  station {100 * station:.1f} % of a core, the demo's own sound included")
    for rung, figures in zip(rungs, heard):
        delay = figures["media"]["sinceGrid"]
        if delay:
            print(f"  {rung}, last byte after the grid's instant: p50 {delay['p50Ms']:.0f}, p99 {delay['p99Ms']:.0f} ms")
    print(f"  errors {errors}, stalls {stalls}, not 200 from the station: {dict(others)}")
    most = max([*updates.values(), *parts.values()])
    return all([
        house.verdict("most requests for one update or part", most, "", 1),
        house.verdict("errors of listeners", errors, "", 0),
    ])


if __name__ == "__main__":
    house.main(benchmark)
