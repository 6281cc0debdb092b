"""The OpenAI wire format, both dialects, as pure functions: request bodies out, pieces in.

Token ids and bare text make a /completions request; system texts and images a /chat/completions one. A grammar
travels as `structured_outputs` (`guided_*` fields are silently ignored since vLLM 0.12). Refuses tool calls and
several choices in one response. The trade-off: fields that only some servers know are sent only when asked for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from text2svg.engine.base import Prompt, Sampling
from text2svg.errors import EngineError, EngineUnavailable

INSTRUCTION = "Draw as SVG: {words}"
"""What our fine-tuned models are asked."""

FORM = (
    'Answer with one small, simple SVG icon and nothing else. It begins <svg xmlns="http://www.w3.org/2000/svg" '
    'viewBox="0 0 256 256"> and holds only path, circle, ellipse, rect, g, linearGradient, radialGradient and stop, '
    "integer coordinates from 0 to 256, absolute path commands, and colours as #rgb. No text, no transform, no style."
)
"""What any other model must be told beside it: the canonical form, in words."""


class Rejected(EngineError):
    """The server understood the request and will not answer this prompt; other prompts may fare better."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to talk to a server."""

    model: str = ""
    """Name the server knows; empty takes the first it offers."""
    api_key: str = field(default="", repr=False)
    grammar: str = ""
    """Lark text every answer must follow; needs a server with structured outputs."""
    chat: bool = False
    """Use chat completions for bare text too."""
    instruct: Literal["", "tuned", "any"] = ""
    """Ask in chat for a drawing: as our fine-tuned models learned it, or so that any model understands."""
    images: bool = False
    """The model sees."""
    logprobs: bool = False
    """Ask for the log-probability of each token; some servers refuse."""
    connect_s: float = 5.0
    silence_s: float = 60.0
    """Longest wait for the next piece of an answer."""
    concurrency: int = 32
    """Most requests at once; the others wait on our side."""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """More fields for every request body."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a streamed answer says."""

    text: str = ""
    finish: str = ""
    tokens: int = 0
    logprob: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Totals, present only in the event that carries the usage."""


def request(prompt: Prompt, sampling: Sampling, options: ServerOptions, model: str) -> tuple[str, dict[str, Any]]:
    """Path below the base address and JSON body; `sampling.seed` is the candidate's own."""
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
        **options.extra,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if options.grammar:
        body["structured_outputs"] = {"grammar": options.grammar}
    if options.instruct and not prompt.system and not prompt.images:
        asked = INSTRUCTION.format(words=prompt.text)
        shown = tuple((INSTRUCTION.format(words=words or "a drawing"), svg) for words, svg in prompt.examples)
        prompt = replace(prompt, text=asked, system=FORM if options.instruct == "any" else "", examples=shown)
    if options.chat or options.instruct or prompt.system or prompt.images:
        if options.logprobs:
            body["logprobs"] = True
        return "/chat/completions", body | {"messages": _messages(prompt)}
    if options.logprobs:
        body["logprobs"] = 1
    return "/completions", body | {"prompt": list(prompt.ids) or prompt.text}


def _messages(prompt: Prompt) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": _data_uri(image)}} for image in prompt.images
    ]
    content.append({"type": "text", "text": prompt.text})
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    roles = ("user", "assistant")
    shown = [{"role": r, "content": text} for example in prompt.examples for r, text in zip(roles, example, strict=True)]
    return [*system, *shown, {"role": "user", "content": content if prompt.images else prompt.text}]


def _data_uri(image: bytes) -> str:
    kind = "jpeg" if image.startswith(b"\xff\xd8") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def parse_event(data: str) -> Piece | None:
    """Read one event; None for the closing `[DONE]`. Raises EngineError when it is not what the format allows."""
    if data.strip() == "[DONE]":
        return None
    try:
        event = json.loads(data)
        if "error" in event:
            raise EngineError(f"the server failed in mid-answer: {_message(event)}", hint="look at its log")
        usage = event.get("usage") or {}
        totals = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
        if not event.get("choices"):
            return Piece("", "", 0, None, *totals)
        choice = event["choices"][0]
        text = (choice["delta"].get("content") if "delta" in choice else choice["text"]) or ""
        scores = _scores(choice.get("logprobs"))
        tokens = len(scores) if scores is not None else int(bool(text))
        logprob = sum(scores) if scores else None
        return Piece(text, choice.get("finish_reason") or "", tokens, logprob, *totals)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise EngineError(
            f"the server sent an event that is not the OpenAI format: {data[:200]!r}",
            hint="is this address an OpenAI-compatible server?",
        ) from error


def _scores(logprobs: dict[str, Any] | None) -> list[float] | None:
    """Log-probabilities of an event's tokens in either dialect."""
    if not logprobs:
        return None
    if logprobs.get("token_logprobs") is not None:
        return [float(score) for score in logprobs["token_logprobs"]]
    return [float(token["logprob"]) for token in logprobs.get("content") or []]


def failure(status: int, body: bytes, address: str, retry_after: str = "") -> EngineError:
    """The error that an HTTP status other than 200 means; `retry_after` is the header of that name, in seconds."""
    try:
        said = _message(json.loads(body))
    except ValueError:
        said = body[:200].decode("utf-8", "replace")
    text = f"{address} answered {status}: {said}"
    if status in (401, 403):
        return EngineError(text, hint="give an API key that the server accepts")
    if status == 404:
        return EngineError(text, hint="the address must end in /v1, and the model's name be one the server offers")
    if status in (400, 413, 422):
        return Rejected(text, hint="shorten the prompt or change the sampling options")
    if status == 429 or status >= 500:
        busy = EngineUnavailable(text, hint="the server is overloaded or broken; try again later or look at its log")
        busy.retry_after_s = float(retry_after) if retry_after.isdecimal() else 0.0
        return busy
    return EngineError(text, hint="is this address an OpenAI-compatible server?")


def _message(body: Any) -> str:  # noqa: ANN401 - servers disagree on the shape
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("message", error) if isinstance(error, dict) else error)[:500]
