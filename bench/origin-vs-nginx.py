#!/usr/bin/env python3
"""Parts a CPU second: onair against nginx, which serves the same bytes as a static file.

Each server has one core and the generator the other; 64 keep-alive connections, always one request under
way on each. The servers take turns (A B A B …), each round with the newest part, and the medians count.
Target: at least 0.8 of nginx. What the demo itself costs (sound, encoders) is in onair's figure.
"""

import argparse
import contextlib
import os
import pathlib
import tempfile

import house

NGINX = """
worker_processes 1; daemon off; master_process off;
pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_timeout 600s; keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
  types {{ audio/mp4 m4s; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} reuseport; root {folder}/www;
    location / {{
      add_header Cache-Control "public, max-age=31536000, immutable";
      add_header Access-Control-Allow-Origin "*";
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx():
    """Address, document root and process of an nginx with one worker."""
    with tempfile.TemporaryDirectory(prefix="nginx-bench-") as name:
        folder, port = pathlib.Path(name), house.free_port()
        # Started by root, nginx reads its files as another user.
        folder.chmod(0o755)
        www = folder / "www"
        www.mkdir()
        (www / "up").write_text("up")
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        command = [house.need("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        with house.running(command, house.SERVER_CORE) as process:
            url = f"http://127.0.0.1:{port}"
            house.wait_for("nginx", lambda: house.get(f"{url}/up"))
            yield url, www, process.pid


def flood(url, pid, arguments):
    """Requests a CPU second of the server, and all figures of the round."""
    figures = house.load(
        "flood", url, "--connections", arguments.connections, "--duration", arguments.seconds, "--watch", pid
    )
    if figures["errors"] or not figures["requests"]:
        raise house.Failed(f"{figures['errors']} errors, {figures['requests']} answers from {url}")
    return figures["requests"] / figures["server"]["cpuSeconds"], figures


def benchmark():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rung", default="low")
    arguments = parser.parse_args()

    ours, theirs = [], []
    with house.station("--demo=true") as onair, nginx() as (static, www, nginx_pid):
        for turn in range(1, arguments.rounds + 1):
            part = onair.newest_part("demo", arguments.rung)
            body = house.get(part)
            name = f"{turn}.m4s"
            (www / name).write_bytes(body)
            os.chmod(www / name, 0o644)
            rate, figures = flood(part, onair.pid, arguments)
            ours.append(rate)
            static_rate, static_figures = flood(f"{static}/{name}", nginx_pid, arguments)
            theirs.append(static_rate)
            print(
                f"round {turn}, {len(body)} bytes: onair {rate:,.0f} requests a CPU second"
                f" ({figures['requests'] / figures['seconds']:,.0f}/s),"
                f" nginx {static_rate:,.0f} ({static_figures['requests'] / static_figures['seconds']:,.0f}/s)",
                flush=True,
            )
    mine, nginx_rate = house.median(ours), house.median(theirs)
    print(f"median: onair {mine:,.0f}, nginx {nginx_rate:,.0f} requests a CPU second")
    return house.verdict("onair / nginx", mine / nginx_rate, "", 0.8, at_most=False)


if __name__ == "__main__":
    house.main(benchmark)
