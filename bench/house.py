"""What the process-level benchmarks share: servers that are started, pinned, watched and stopped.

Python 3.11, standard library only. Figures come from /proc, so they need Linux.
"""

import contextlib
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TICKS = os.sysconf("SC_CLK_TCK")

# With two cores the server has one and whoever loads it the other; on a bigger machine, name others.
SERVER_CORE = os.environ.get("SERVER_CORE", "0")
LOAD_CORE = os.environ.get("LOAD_CORE", "1")


class Failed(Exception):
    """The benchmark has no figures; the text says why."""


def binary(name):
    """A release binary of this repository, or the one that ONAIR_BIN or ONAIR_LOAD_BIN names."""
    named = os.environ.get(name.upper().replace("-", "_") + "_BIN")
    path = pathlib.Path(named) if named else TARGET / "release" / name
    if not path.is_file():
        raise Failed(f"{path} is missing: cargo build --release --workspace")
    return str(path)


def need(command):
    """The path of a command; /usr/sbin is where Debian keeps servers."""
    path = shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not path:
        raise Failed(f"{command} is missing: make deps")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User and system time of a whole process (fields 14 and 15 of proc_pid_stat(5))."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def cpu_by_thread(pid):
    """CPU seconds of the threads that live now, summed by name."""
    seconds = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(") ")
            fields = rest.split()
            seconds[name] = seconds.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read()


def wait_for(what, found, seconds=30):
    """Asks `found` until it gives something; what it raises on the way is a «not yet»."""
    end = time.monotonic() + seconds
    reason = "nothing"
    while time.monotonic() < end:
        try:
            value = found()
            if value:
                return value
        except (OSError, urllib.error.URLError, ValueError, KeyError, IndexError) as error:
            reason = error
        time.sleep(0.1)
    raise Failed(f"no {what} within {seconds} s: {reason}")


def more_files():
    """Ten thousand listeners are ten thousand sockets on either side."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def running(command, core=None, environment=None, output=subprocess.DEVNULL):
    """A process, pinned to `core` where one is named, stopped at the end."""
    pinned = [need("taskset"), "-c", core] if core else []
    process = subprocess.Popen(
        pinned + command,
        # The settings of whoever runs this are not those that are measured.
        env={name: value for name, value in os.environ.items() if not name.startswith("ONAIR_")}
        | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        preexec_fn=more_files,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Station:
    """A running `onair serve` with a data directory of its own."""

    def __init__(self, process, web, rtmp, data):
        self.pid = process.pid
        self.web = f"http://127.0.0.1:{web}"
        self.rtmp = f"rtmp://127.0.0.1:{rtmp}/live"
        self.data = data
        self.log = data / "onair.log"

    def playlist(self, broadcast, rung):
        """URL and text of a rung's media playlist, once the broadcast has parts."""
        index = f"{self.web}/live/{broadcast}/index.m3u8"

        def listed():
            lines = get(index).decode().splitlines()
            name = next(line for line in lines if line.split("?")[0].endswith(f"/{rung}.m3u8"))
            url = urllib.parse.urljoin(index, name)
            text = get(url).decode()
            return (url, text) if "#EXT-X-PART:" in text else None

        return wait_for(f"parts of {broadcast}", listed)

    def newest_part(self, broadcast, rung):
        """URL of the part that was listed last."""
        url, text = self.playlist(broadcast, rung)
        part = [line for line in text.splitlines() if line.startswith("#EXT-X-PART:")][-1]
        return urllib.parse.urljoin(url, part.partition('URI="')[2].partition('"')[0])


@contextlib.contextmanager
def station(*flags, core=SERVER_CORE, environment=None):
    """`onair serve` on free ports of loopback, warm and ready."""
    with tempfile.TemporaryDirectory(prefix="onair-bench-") as folder:
        data = pathlib.Path(folder)
        web, rtmp = free_port(), free_port()
        ports = ["--http", f"127.0.0.1:{web}", "--rtmp", f"127.0.0.1:{rtmp}", "--rtc", "127.0.0.1:0", "--data-dir", str(data / "data")]
        command = [binary("onair"), "serve", *ports, *flags]
        settings = {"ONAIR_LOG": "warn", **(environment or {})}
        with open(data / "onair.log", "wb") as log, running(command, core, settings, log) as process:
            here = Station(process, web, rtmp, data)

            def healthy():
                if process.poll() is not None:
                    raise Failed("onair stopped: " + here.log.read_text()[-2000:])
                return get(f"{here.web}/health")

            wait_for("onair", healthy)
            yield here


def load(*arguments, core=LOAD_CORE):
    """Runs onair-load and gives its JSON. Errors of listeners are in the JSON, not raised."""
    command = [need("taskset"), "-c", core, binary("onair-load"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=more_files)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise Failed(f"onair-load: {done.stderr.strip() or error}") from error


def median(values):
    return statistics.median(values)


def machine():
    """One line about where the figures come from."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(": ")[2] for line in info if line.startswith("model name"))
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, {time.strftime('%Y-%m-%d')}"


def verdict(name, figure, unit, target, at_most=True):
    """Prints a figure beside its target; true when it is met."""
    met = figure <= target if at_most else figure >= target
    print(f"{name}: {figure:.2f} {unit} (target {'≤' if at_most else '≥'} {target} {unit}): {'met' if met else 'MISSED'}")
    return met


def main(benchmark):
    """Runs a benchmark: exit status 0 with all targets met, 1 with one missed, 2 without figures."""
    print(machine())
    try:
        sys.exit(0 if benchmark() else 1)
    except Failed as failed:
        print(f"{pathlib.Path(sys.argv[0]).name}: {failed}", file=sys.stderr)
        sys.exit(2)
