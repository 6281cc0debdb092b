"""Counters in Prometheus' text format, and one line of JSON for every piece of work.

Refuses prompts, drawings and addresses: a log line holds an action, an outcome, counts and seconds. The trade-off: numbers
start at zero with the process, which is what Prometheus expects; of N workers each writes its own down every second, and
whichever is asked adds them up.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

LOG = logging.getLogger("text2svg.webapp")
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: a first frame takes about 0.1 on an idle machine, a whole request 0.4, and the deadline is 60."""
HELP = {
    "text2svg_requests_total": ("counter", "Pieces of work by action and outcome"),
    "text2svg_drawings_total": ("counter", "Candidates by their last state"),
    "text2svg_tokens_total": ("counter", "Tokens of finished candidates"),
    "text2svg_first_frame_seconds": ("histogram", "From the request to the first stroke, waiting included"),
    "text2svg_seconds": ("histogram", "From the request to the last answer, waiting included"),
    "text2svg_running": ("gauge", "Requests that are drawn for now"),
    "text2svg_waiting": ("gauge", "Requests that wait for the engine now"),
    "process_start_time_seconds": ("gauge", "When this process started, in seconds since 1970"),
    "process_resident_memory_bytes": ("gauge", "Memory of this process"),
}

SHARE_S = 1.0
EARLIEST = "process_start_time_seconds"

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """What happened since the process started. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, Labels], float] = defaultdict(float)
        self._times: dict[tuple[str, Labels], list[float]] = {}
        self._shared: Path | None = None
        self._gauges: dict[str, Callable[[], float]] = {
            "process_start_time_seconds": lambda started=time.time(): started,  # type: ignore[misc]
            "process_resident_memory_bytes": resident,
        }

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Adds to a counter."""
        with self._lock:
            self._counts[name, tuple(labels.items())] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Puts a duration into a histogram."""
        with self._lock:
            cells = self._times.setdefault((name, tuple(labels.items())), [0.0] * (len(BUCKETS) + 2))
            cells[sum(seconds > bound for bound in BUCKETS)] += 1
            cells[-1] += seconds

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Names a value that is read when somebody asks."""
        self._gauges[name] = read

    def text(self) -> str:
        """Everything, as a scrape expects it."""
        with self._lock:
            lines = {name: [f"# HELP {name} {text}", f"# TYPE {name} {kind}"] for name, (kind, text) in HELP.items()}
            for (name, labels), value in sorted(self._counts.items()):
                lines[name].append(f"{name}{_labels(labels)} {value:g}")
            for (name, labels), cells in sorted(self._times.items()):
                lines[name] += _histogram(name, labels, cells)
        for name, read in self._gauges.items():
            lines[name].append(f"{name} {read():.10g}")
        return "\n".join(line for group in lines.values() for line in group) + "\n"

    def share(self, mine: Path) -> None:
        """Writes the numbers into a file beside those of the other workers, again and again."""
        self._shared = mine

        def keep_on() -> None:
            while True:
                fresh = mine.with_suffix(".new")
                try:
                    fresh.write_text(self.text(), encoding="ascii")
                    fresh.replace(mine)
                except FileNotFoundError:
                    return  # the folder goes when the server stops
                time.sleep(SHARE_S)

        threading.Thread(target=keep_on, daemon=True).start()

    def everybody(self) -> str:
        """As `text`, of all workers together: sums, and the earliest start."""
        if self._shared is None:
            return self.text()
        others = (path for path in sorted(self._shared.parent.glob("*.prom")) if path != self._shared)
        return added([self.text(), *(path.read_text(encoding="ascii") for path in others)])


def added(texts: Iterable[str]) -> str:
    """Several expositions that name the same families as one."""
    families: dict[str, tuple[list[str], dict[str, float]]] = {}
    for line in (line for text in texts for line in text.splitlines()):
        if line.startswith("#"):
            heads, cells = families.setdefault(line.split()[2], ([], {}))
            heads += [line] if line not in heads else []
            continue
        name, _, value = line.rpartition(" ")
        known = cells.get(name)
        together = min if name == EARLIEST else lambda a, b: a + b
        cells[name] = float(value) if known is None else together(known, float(value))
    groups = (
        (*heads, *(f"{name} {value:.10g}" for name, value in cells.items())) for heads, cells in families.values()
    )
    return "\n".join(line for group in groups for line in group) + "\n"


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""


def _histogram(name: str, labels: Labels, cells: list[float]) -> list[str]:
    lines, total = [], 0.0
    for bound, cell in zip((*BUCKETS, "+Inf"), cells, strict=False):
        total += cell
        lines.append(f"{name}_bucket{_labels((*labels, ('le', str(bound))))} {total:g}")
    return [*lines, f"{name}_sum{_labels(labels)} {cells[-1]:.6g}", f"{name}_count{_labels(labels)} {total:g}"]


def resident() -> float:
    """Bytes of memory this process holds; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return float(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0.0


def log(event: str, **facts: object) -> None:
    """One line of JSON; who runs the server decides where it goes."""
    LOG.info(json.dumps({"event": event, **facts}))


def log_to_stderr(worker: int | None = None) -> None:
    """Sends the lines to standard error, each with its time in UTC and, of several, the number of the worker."""
    named = {} if worker is None else {"worker": worker}

    class Line(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            return json.dumps({"at": f"{at}.{int(record.msecs):03d}Z"} | named | json.loads(record.getMessage()))

    handler = logging.StreamHandler()
    handler.setFormatter(Line())
    LOG.handlers[:] = [handler]
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
