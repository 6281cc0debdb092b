"""What every test stands on: its own data folder, no network but this machine, one thread, reproducible examples."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Test files of two folders may bear one name (importlib mode); the modules that tests of a folder share are still found.
sys.path.extend(str(folder) for folder in sorted(Path(__file__).parent.iterdir()) if folder.is_dir())

# Before numpy, onnxruntime or gradio are imported anywhere: their threads spin against each other on small machines, and
# some of them phone home.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("house"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


class NetworkForbidden(AssertionError):
    """A test tried to leave the machine."""


def _local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Connections go to this machine only. Tests marked `hub` are the exception."""
    if request.node.get_closest_marker("hub"):
        return
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: object) -> None:
        if not _local(address):
            raise NetworkForbidden(f"a test tried to reach {address}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: object) -> int:
        if not _local(address):
            raise NetworkForbidden(f"a test tried to reach {address}")
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(autouse=True)
def own_data(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of the test's own, so that no test reads or writes the user's corpus."""
    folder = tmp_path_factory.mktemp("data")
    for name in [name for name in os.environ if name.startswith("TEXT2SVG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TEXT2SVG_DATA", str(folder))
    return folder
