"""The engine that speaks to any OpenAI-compatible server: vLLM, llama.cpp, LMDeploy, SGLang, hosted ones.

Each candidate is one streamed request with its own seed, so each can be cancelled and servers with a prefix cache
read the prompt once. Closing a stream closes its connections, which is what makes such servers stop. Refuses retries:
callers know what a second try costs. The trade-off: one thread with an event loop for each engine in use, so that
sockets outlive a request.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import AsyncIterator, Generator, Sequence
from dataclasses import replace
from pathlib import Path

import httpx

from text2svg.engine.base import Completion, Delta, Prompt, Sampling, collect
from text2svg.engine.sse import EventReader
from text2svg.engine.wire import Piece, Rejected, ServerOptions, failure, parse_event, request
from text2svg.errors import ConfigError, EngineError, EngineUnavailable
from text2svg.spec import Spec

MAX_ANSWER = 2_000_000
"""Characters; a server that ignores max_tokens must not fill the memory. A drawing has some thousand."""

_Arrival = Delta | tuple[int, EngineError] | None
"""What the loop hands to the reader: a piece, a failed candidate, or None at the end."""


class OpenAIEngine:
    """An Engine over HTTP. Construction opens nothing; the first prompt starts the loop's thread."""

    streams = True

    def __init__(self, base_url: str, options: ServerOptions | None = None) -> None:
        self.options = options or ServerOptions()
        self.base_url = base_url.rstrip("/")
        if not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(f"{base_url!r} is no server address", hint="write http://host:8000/v1")
        self.name = f"openai:{self.base_url}"
        self.reads_images = self.options.images
        self._guard = threading.Lock()
        self._link: _Link | None = None

    def complete(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        """Answer every prompt in order; a rejected one fails alone, an unreachable server raises."""
        read = [len(prompt.ids) for prompt in prompts]
        return collect(self._deltas(prompts, sampling, read), read)

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling) -> Generator[Delta, None, None]:
        """Yield pieces as they arrive; closing the iterator closes every connection of this call."""
        return self._deltas(prompts, sampling, [0] * len(prompts))

    def models(self) -> list[str]:
        """Names of the models the server offers; EngineUnavailable when it does not answer."""
        link = self._open()
        return asyncio.run_coroutine_threadsafe(link.models(), link.loop).result()

    def close(self) -> None:
        """End open streams, close the sockets and the loop's thread."""
        with self._guard:
            link, self._link = self._link, None
        if link is not None:
            link.close()

    def _open(self) -> _Link:
        with self._guard:
            if self._link is None:
                self._link = _Link(self.base_url, self.options)
            return self._link

    def _deltas(self, prompts: Sequence[Prompt], sampling: Sampling, read: list[int]) -> Generator[Delta, None, None]:
        """`read` receives the server's count of each prompt's tokens."""
        if not self.reads_images and any(prompt.images for prompt in prompts):
            raise EngineError(f"{self.name} is not said to read images", hint="add images=on to its spec")
        arrivals: queue.SimpleQueue[_Arrival] = queue.SimpleQueue()
        link = self._open()
        work = asyncio.run_coroutine_threadsafe(link.answer_all(prompts, sampling, arrivals, read), link.loop)
        work.add_done_callback(lambda _: arrivals.put(None))
        failures: list[tuple[int, EngineError]] = []
        alive = False
        try:
            while (item := arrivals.get()) is not None:
                if isinstance(item, tuple):
                    alive = alive or isinstance(item[1], Rejected)
                    failures.append(item)
                else:
                    alive = True
                    yield item
                while alive and failures:
                    index, error = failures.pop()
                    yield Delta(index, "", "error", error=str(error))
            if failures:  # nobody was answered: the server is the problem, not a prompt
                raise failures[0][1]
            _check(work)
        finally:
            work.cancel()


def _check(work: concurrent.futures.Future[None]) -> None:
    try:
        work.result()
    except concurrent.futures.CancelledError as error:
        raise EngineError("the engine was closed while it answered") from error


class _Link:
    """The client and the event loop it lives on; methods that are coroutines run there."""

    def __init__(self, base_url: str, options: ServerOptions) -> None:
        self._base_url, self._options = base_url, options
        headers = {"Authorization": f"Bearer {options.api_key}"} if options.api_key else {}
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(options.silence_s, connect=options.connect_s, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=options.concurrency),
        )
        self._slots = asyncio.Semaphore(options.concurrency)
        self._model = options.model
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="openai-engine", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.close()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    async def _shut(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def answer_all(
        self,
        prompts: Sequence[Prompt],
        sampling: Sampling,
        arrivals: queue.SimpleQueue[_Arrival],
        read: list[int],
    ) -> None:
        """Answer all prompts side by side; cancelling this closes all their connections."""
        async with asyncio.TaskGroup() as group:
            for index, prompt in enumerate(prompts):
                own = replace(sampling, seed=sampling.seed + index)
                group.create_task(self._answer(index, prompt, own, arrivals, read))

    async def _answer(
        self,
        index: int,
        prompt: Prompt,
        sampling: Sampling,
        arrivals: queue.SimpleQueue[_Arrival],
        read: list[int],
    ) -> None:
        finish, counted, known, length = "", 0, True, 0
        total = Piece()
        try:
            async with self._slots:
                async for piece in self._pieces(prompt, sampling):
                    finish = finish or piece.finish
                    total = piece if piece.completion_tokens else total
                    counted += piece.tokens
                    length += len(piece.text)
                    if length > MAX_ANSWER:
                        raise EngineError("the server does not end its answer", hint="does it know max_tokens?")
                    known = known and (piece.logprob is not None or not piece.tokens)
                    if piece.text or piece.tokens:
                        arrivals.put(Delta(index, piece.text, "", piece.tokens, piece.logprob))
        except EngineError as error:
            arrivals.put((index, error))
            return
        read[index] = total.prompt_tokens or read[index]
        # Servers may put several tokens in one event; the usage at the end knows how many there were.
        missed = 0 if known and counted else max(0, total.completion_tokens - counted)
        arrivals.put(_last(index, finish, missed))

    async def _pieces(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Piece]:
        path, body = request(prompt, sampling, self._options, await self._model_name())
        address = self._base_url + path
        reader = EventReader()
        try:
            async with self._client.stream("POST", address, json=body) as response:
                if response.status_code != 200:
                    wait = response.headers.get("retry-after", "")
                    raise failure(response.status_code, await response.aread(), address, wait)
                async for chunk in response.aiter_bytes():
                    for data in reader.push(chunk):
                        piece = parse_event(data)
                        if piece is None:
                            return
                        yield piece
        except httpx.HTTPError as error:
            raise _unreachable(error, address) from error

    async def _model_name(self) -> str:
        if not self._model:
            names = await self.models()
            if not names:
                raise EngineUnavailable(f"{self._base_url} offers no model", hint="load one, or name it in the spec")
            self._model = names[0]
        return self._model

    async def models(self) -> list[str]:
        """Names of the models the server offers."""
        address = self._base_url + "/models"
        try:
            response = await self._client.get(address)
        except httpx.HTTPError as error:
            raise _unreachable(error, address) from error
        if response.status_code != 200:
            raise failure(response.status_code, response.content, address)
        try:
            return [str(model["id"]) for model in response.json()["data"]]
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{address} lists no models", hint="the address must end in /v1") from error


def _last(index: int, finish: str, missed: int) -> Delta:
    if finish == "stop":
        return Delta(index, "", "stop", missed)
    if finish == "length":
        return Delta(index, "", "length", missed)
    said = f"the server ended the answer with {finish!r}" if finish else "the server broke off the answer"
    return Delta(index, "", "error", missed, error=said)


def _unreachable(error: httpx.HTTPError, address: str) -> EngineUnavailable:
    what = str(error) or type(error).__name__
    if isinstance(error, httpx.ReadTimeout):
        return EngineUnavailable(f"{address} went silent", hint="raise silence_s, or ask for less at once")
    return EngineUnavailable(f"cannot reach {address}: {what}", hint="start the server, or correct its address")


def _flag(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("write on or off")
    return text == "on"


def _grammar(text: str) -> str:
    if text not in ("svg", "tokens", "off"):
        raise ValueError("write svg, tokens or off")
    if text == "off":
        return ""
    if text == "tokens":
        from text2svg.engine.token_lark import token_lark

        return token_lark()
    from text2svg.svg.lark import lark

    return lark()


def _instruct(text: str) -> str:
    if text not in ("tuned", "any"):
        raise ValueError("write tuned or any")
    return text


def _secret(text: str) -> str:
    try:
        return Path(text).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(error.strerror) from error


OPTIONS = {
    "model": str,
    "api_key": str,
    "api_key_file": _secret,
    "grammar": _grammar,
    "chat": _flag,
    "instruct": _instruct,
    "images": _flag,
    "logprobs": _flag,
    "connect_s": float,
    "silence_s": float,
    "concurrency": int,
}
"""Options of a spec; `api_key_file` keeps a key out of histories, `grammar=svg` holds answers to canonical SVG, and
`grammar=tokens` to the very tokens of the embedded engine, for a server that runs one of our models. `instruct=any` asks a
model that was never taught our form; `instruct=tuned` one that `train finetune` made."""


def from_spec(spec: Spec) -> OpenAIEngine:
    """`openai:http://host:8000/v1?model=NAME`, with any of OPTIONS."""
    values = spec.read(OPTIONS)
    if "api_key_file" in values:
        values["api_key"] = values.pop("api_key_file")
    return OpenAIEngine(spec.name, ServerOptions(**values))
