from __future__ import annotations

from dataclasses import dataclass

from text2svg.mine.hosts import Frontier, Politeness, host_of
from text2svg.mine.throttle import Throttle


@dataclass(frozen=True)
class Job:
    url: str


def frontier(**more: float) -> Frontier:
    return Frontier(Politeness(**{"delay_s": 1.0, "connections": 1, "budget": 3, "strikes": 2, "cool_down_s": 10.0, **more}))


def test_one_host_waits_and_others_do_not() -> None:
    line = frontier()
    for url in ("http://a/1", "http://a/2", "http://b/1"):
        assert line.push(Job(url)) == ""
    assert [line.pop(0.0).url, line.pop(0.0).url, line.pop(0.0)] == ["http://a/1", "http://b/1", None]
    line.release("http://a/1")
    assert line.pop(0.5) is None
    assert line.next_at() == 1.0
    assert line.pop(1.0).url == "http://a/2"


def test_connections_of_a_host_are_limited() -> None:
    line = frontier(delay_s=0.0, connections=2)
    for number in range(3):
        line.push(Job(f"http://a/{number}"))
    assert line.pop(0.0) and line.pop(0.0)
    assert line.pop(0.0) is None
    line.release("http://a/0")
    assert line.pop(0.0).url == "http://a/2"


def test_budget() -> None:
    line = frontier()
    assert [line.push(Job(f"http://a/{n}")) for n in range(4)] == ["", "", "", "host-budget"]
    assert line.push(Job("http://a/first"), first=True) == ""


def test_a_failing_host_cools_down() -> None:
    line = frontier()
    for number in range(3):
        line.push(Job(f"http://a/{number}"))
    assert line.judge("http://a/0", failed=True, now=0.0) == []
    assert [job.url for job in line.judge("http://a/0", failed=True, now=0.0)] == [f"http://a/{n}" for n in range(3)]
    assert line.waiting == 0
    assert line.push(Job("http://a/9")) == "host-cool-down"
    assert line.pop(10.0) is None
    assert line.push(Job("http://a/9")) == ""


def test_success_forgives() -> None:
    line = frontier()
    line.judge("http://a/", failed=True, now=0.0)
    line.judge("http://a/", failed=False, now=0.0)
    assert line.judge("http://a/", failed=True, now=0.0) == []
    assert not line.is_cold("http://a/")


def test_held_paused_and_later() -> None:
    line = frontier()
    line.push(Job("http://a/1"))
    line.hold("http://a/1", held=True)
    assert line.pop(0.0) is None
    line.hold("http://a/1", held=False)
    line.pause("http://a/1", 5.0)
    assert line.pop(4.0) is None
    line.push_later(Job("http://b/1"), 2.0)
    assert line.pop(1.0) is None
    assert line.pop(2.0).url == "http://b/1"
    assert line.pop(5.0).url == "http://a/1"


def test_idle_hosts_are_forgotten() -> None:
    line = frontier(delay_s=1.0)
    for number in range(1000):
        line.push(Job(f"http://h{number}/"))
        line.release(line.pop(0.0).url)
    line.pop(2.0)
    assert not line._hosts
    assert host_of("http://a:81/x") == "a:81" and host_of("nothing") == ""


def test_throttle_shrinks_when_late_and_grows_when_punctual() -> None:
    throttle = Throttle(500, 1.0)
    for _ in range(40):
        throttle.judge(0.0)
    assert throttle.allowed == 500
    throttle.judge(0.5)
    assert throttle.allowed == 333
    for _ in range(40):
        throttle.judge(5.0)
    assert throttle.allowed == 8
    assert Throttle(3, 1.0).allowed == 3
