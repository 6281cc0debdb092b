"""The HTTP engine against a real local server: dialects, faults, cancellation."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_server import LocalServer

from text2svg.engine import Prompt, Sampling, load
from text2svg.engine.openai import OpenAIEngine
from text2svg.engine.sse import MAX_EVENT_BYTES, EventReader
from text2svg.engine.wire import ServerOptions, request
from text2svg.errors import ConfigError, EngineError, EngineUnavailable

ONCE = Sampling(max_tokens=50, temperature=0.4, top_p=0.8, seed=40)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer() as running:
        yield running


@pytest.fixture
def engine(server: LocalServer) -> Iterator[OpenAIEngine]:
    made = OpenAIEngine(server.url, ServerOptions(silence_s=5))
    yield made
    made.close()


def test_bare_text_and_ids_are_completions_with_a_seed_a_candidate(engine: OpenAIEngine, server: LocalServer) -> None:
    answers = engine.complete([Prompt("say <svg|>"), Prompt("x", ids=(1, 22))], ONCE)
    assert [(a.text, a.finish) for a in answers] == [("<svg>", "stop"), ("122", "stop")]
    assert [(a.prompt_tokens, a.completion_tokens) for a in answers] == [(7, 4), (7, 4)]
    assert server.paths == ["/v1/completions"] * 2
    by_seed = {body["seed"]: body for body in server.bodies}
    assert sorted(by_seed) == [40, 41]
    assert by_seed[41]["prompt"] == [1, 22]
    expected = {"model": "tiny", "max_tokens": 50, "temperature": 0.4, "top_p": 0.8, "stream": True}
    assert expected.items() <= by_seed[40].items()
    assert not {"stop", "structured_outputs", "logprobs", "guided_grammar"} & set(by_seed[40])


def test_system_and_images_are_chat(server: LocalServer) -> None:
    engine = OpenAIEngine(server.url, ServerOptions(model="see", images=True))
    png, jpeg = b"\x89PNG\r\n\x1a\n..", b"\xff\xd8\xff.."
    answer = engine.complete([Prompt("say a|b", system="Be brief", images=(png, jpeg))], ONCE)[0]
    assert answer.text == "ab"
    system, user = server.bodies[0]["messages"]
    assert system == {"role": "system", "content": "Be brief"}
    urls = [part["image_url"]["url"] for part in user["content"][:2]]
    assert urls[0] == "data:image/png;base64," + base64.b64encode(png).decode()
    assert urls[1].startswith("data:image/jpeg;base64,")
    assert (server.paths, server.bodies[0]["model"]) == (["/v1/chat/completions"], "see")
    engine.close()


def test_images_need_a_model_that_is_said_to_see(engine: OpenAIEngine) -> None:
    with pytest.raises(EngineError, match="read images"):
        engine.complete([Prompt("x", images=(b"p",))], ONCE)


def test_grammar_stop_and_extra_fields_travel(server: LocalServer) -> None:
    options = ServerOptions(grammar='start: "a"', extra={"repetition_detection": {"max": 3}})
    engine = OpenAIEngine(server.url, options)
    engine.complete([Prompt("say a")], Sampling(stop=("</svg>",)))
    body = server.bodies[0]
    assert body["structured_outputs"] == {"grammar": 'start: "a"'}
    assert body["stop"] == ["</svg>"]
    assert body["repetition_detection"] == {"max": 3}
    engine.close()


@pytest.mark.parametrize("chat", [False, True])
def test_logprobs_are_summed(server: LocalServer, chat: bool) -> None:
    engine = OpenAIEngine(server.url, ServerOptions(logprobs=True, chat=chat))
    assert engine.complete([Prompt("say a|b|c")], ONCE)[0].logprob == pytest.approx(-1.5)
    engine.close()


def test_pieces_cut_anywhere_with_comments_and_crlf_are_put_together(engine: OpenAIEngine) -> None:
    assert engine.complete([Prompt("lumps ü\u2028x|🙂| y")], ONCE)[0].text == "ü\u2028x🙂 y"


@pytest.mark.parametrize(
    ("prompt", "kind", "says"),
    [
        ("status 500", EngineUnavailable, "asked for 500"),
        ("status 429", EngineUnavailable, "asked for 429"),
        ("status 404", EngineError, "asked for 404"),
        ("status 418", EngineError, "asked for 418"),
        ("garbage", EngineError, "not the OpenAI format"),
        ("failed", EngineError, "out of memory"),
        ("vanish", EngineError, ""),
    ],
)
def test_faults_of_the_server_raise_with_a_hint(
    engine: OpenAIEngine, prompt: str, kind: type[EngineError], says: str
) -> None:
    if prompt == "vanish":  # something was said, so the candidate fails, not the call
        answer = engine.complete([Prompt(prompt)], ONCE)[0]
        assert (answer.text, answer.finish) == ("half", "error")
        assert "cannot reach" in answer.error
        return
    with pytest.raises(kind, match=says) as caught:
        engine.complete([Prompt(prompt)], ONCE)
    assert caught.value.hint


@pytest.mark.parametrize("prompt", ["cut <svg", "html"])
def test_an_answer_that_breaks_off_is_an_error_with_its_text(engine: OpenAIEngine, prompt: str) -> None:
    answer = engine.complete([Prompt(prompt)], ONCE)[0]
    assert answer.finish == "error"
    assert "broke off" in answer.error
    assert answer.text == ("<svg" if prompt.startswith("cut") else "")


def test_a_rejected_prompt_fails_alone_even_when_it_is_the_only_one(engine: OpenAIEngine) -> None:
    assert engine.complete([Prompt("status 400")], ONCE)[0].error.endswith("asked for 400")
    finishes = [a.finish for a in engine.complete([Prompt("say a"), Prompt("status 400"), Prompt("long b")], ONCE)]
    assert finishes == ["stop", "error", "length"]


def test_one_dead_candidate_does_not_hide_the_others(engine: OpenAIEngine) -> None:
    answers = engine.complete([Prompt("status 500"), Prompt("say a")], ONCE)
    assert [a.finish for a in answers] == ["error", "stop"]


def test_silence_ends_in_an_error(server: LocalServer) -> None:
    engine = OpenAIEngine(server.url, ServerOptions(silence_s=0.3))
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match="went silent"):
        engine.complete([Prompt("silent 5")], ONCE)
    assert time.monotonic() - began < 3
    server.dropped.set()
    engine.close()


def test_closing_the_stream_is_seen_by_the_server(engine: OpenAIEngine, server: LocalServer) -> None:
    stream = engine.stream([Prompt("forever"), Prompt("forever")], ONCE)
    seen = {next(stream).index for _ in range(20)}
    assert seen == {0, 1}
    assert not server.dropped.is_set()
    stream.close()
    assert server.dropped.wait(5)
    deadline = time.monotonic() + 5
    while server.active and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.active == 0
    assert engine.complete([Prompt("say a")], ONCE)[0].text == "a"


def test_closing_the_engine_ends_open_streams(engine: OpenAIEngine) -> None:
    stream = engine.stream([Prompt("forever")], ONCE)
    next(stream)
    threading.Timer(0.1, engine.close).start()
    with pytest.raises(EngineError, match="closed while"):
        list(stream)


def test_no_more_requests_at_once_than_allowed(server: LocalServer) -> None:
    engine = OpenAIEngine(server.url, ServerOptions(model="m", concurrency=3))
    answers = engine.complete([Prompt(f"lumps {i}") for i in range(20)], ONCE)
    assert [a.text for a in answers] == [str(i) for i in range(20)]
    assert 1 <= server.most_active <= 3
    engine.close()


def test_an_absent_server_is_unavailable_with_a_hint() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        engine = OpenAIEngine(f"http://127.0.0.1:{unused.getsockname()[1]}/v1", ServerOptions(connect_s=1))
        with pytest.raises(EngineUnavailable, match="cannot reach") as caught:
            engine.complete([Prompt("say a")], ONCE)
    assert "start the server" in caught.value.hint
    engine.close()


def test_keys_come_from_parameters_or_files_and_are_not_shown(tmp_path: Path) -> None:
    with LocalServer(key="s3cret") as server:
        (tmp_path / "key").write_text("s3cret\n")
        for engine in (
            load(f"openai:{server.url}?model=m", defaults={"openai.api_key": "s3cret", "vllm.python": "p"}),
            load(f"openai:{server.url}?model=m&api_key_file={tmp_path}/key"),
        ):
            assert engine.complete([Prompt("say a")], ONCE)[0].text == "a"
            assert "s3cret" not in repr(engine.options)
            engine.close()
        wrong = load(f"openai:{server.url}?model=m", defaults={"openai.api_key": "wrong"})
        with pytest.raises(EngineError, match="bad key") as caught:
            wrong.complete([Prompt("say a")], ONCE)
        assert "API key" in caught.value.hint
        wrong.close()


def test_a_spec_may_ask_for_the_grammar_of_drawings() -> None:
    text = load("openai:http://x/v1?grammar=svg").options.grammar
    assert text.startswith("start:")
    assert "<circle" in text
    assert load("openai:http://x/v1?grammar=off").options.grammar == ""


def test_specs_are_checked() -> None:
    with pytest.raises(ConfigError, match="no server address"):
        load("openai:localhost")
    with pytest.raises(ConfigError, match="images"):
        load("openai:http://x/v1?images=maybe")
    with pytest.raises(ConfigError, match="api_key_file"):
        load("openai:http://x/v1?api_key_file=/nowhere")


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")), min_size=1), st.data())
def test_events_do_not_depend_on_how_bytes_are_cut(texts: list[str], data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    stream = "".join(f"data: {t}{end}: note{end}{end}" for t in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader, got = EventReader(), []
    for begin, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += reader.push(stream[begin:stop])
    got += reader.push(b"\n")  # a CR at the very end waits for a possible LF
    assert got == texts


def test_an_endless_event_is_refused() -> None:
    reader = EventReader()
    with pytest.raises(EngineError, match="endless"):
        list(reader.push(b"data: " + b"x" * MAX_EVENT_BYTES))


def test_a_model_is_asked_for_a_drawing_in_its_own_way() -> None:
    words = Prompt("red heart", ids=(1, 2))
    path, body = request(words, Sampling(), ServerOptions(instruct="tuned"), "m")
    assert path == "/chat/completions"
    assert body["messages"] == [{"role": "user", "content": "Draw as SVG: red heart"}]
    shown = replace(words, examples=(("house", "<svg/>"), ("", "<svg/>")))
    assert [turn["content"] for turn in request(shown, Sampling(), ServerOptions(instruct="tuned"), "m")[1]["messages"]] == [
        "Draw as SVG: house", "<svg/>", "Draw as SVG: a drawing", "<svg/>", "Draw as SVG: red heart",
    ]  # fmt: skip
    _, told = request(words, Sampling(), ServerOptions(instruct="any"), "m")
    assert told["messages"][0]["role"] == "system" and "0 0 256 256" in told["messages"][0]["content"]
    caption = Prompt("What is this?", images=(b"png",))
    assert request(caption, Sampling(), ServerOptions(instruct="any"), "m")[1]["messages"][0]["content"][1] == {
        "type": "text", "text": "What is this?",
    }  # fmt: skip
    with pytest.raises(ConfigError, match="write tuned or any"):
        load("openai:http://127.0.0.1:1/v1?instruct=yes")


def test_an_event_of_endless_lines_is_given_up_and_many_events_are_not() -> None:
    reader = EventReader()
    for _ in range(MAX_EVENT_BYTES // 1000):
        assert not list(reader.push(b"data: " + b"x" * 993 + b"\n"))
    with pytest.raises(EngineError, match="endless event"):
        list(reader.push(b"data: x\n"))
    reader = EventReader()
    for _ in range(MAX_EVENT_BYTES // 1000 + 2):
        assert list(reader.push(b"data: " + b"x" * 992 + b"\n\n")) == ["x" * 992]
