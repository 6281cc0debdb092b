"""Which server answers: `--engine` with the model, the pictures and the parallelism that the first Text2SVG took apart.

Refuses tensor parallelism and session length for a server somebody else started: they are its own affair. The
trade-off: only vLLM is started from here; LMDeploy and others are started by hand and spoken to as `openai:URL`.
"""

from __future__ import annotations

from text2svg.errors import ConfigError
from text2svg.spec import Spec, parse_spec

TP, SESSION_LEN = 1, 16384
"""The first Text2SVG's values."""


def engine_spec(engine: str, model: str, batch: int, tp: int = TP, session_len: int = SESSION_LEN) -> str:
    """The whole engine spec for captioning. Raises ConfigError for a bad spec or an option the engine cannot honour.

    `openai:http://host:8000/v1` gets model, pictures and as many requests at once as `batch`; `vllm:MODEL?python=PATH`
    also gets `--tensor-parallel-size` and `--max-model-len`.
    """
    spec = parse_spec(engine)
    options = {"images": "on", "concurrency": str(batch), **spec.options}
    if spec.kind == "vllm":
        options["arguments"] = " ".join(
            filter(None, (options.get("arguments"), f"--tensor-parallel-size {tp} --max-model-len {session_len}"))
        )
        return str(Spec(spec.kind, spec.name or model, options))
    if (tp, session_len) != (TP, SESSION_LEN):
        raise ConfigError(
            f"--tp and --session-len cannot reach {spec.kind}:{spec.name}",
            hint="start that server with them, or let vllm:MODEL?python=PATH start it",
        )
    if spec.kind == "openai":
        return str(Spec(spec.kind, spec.name, {**({"model": model} if model else {}), "chat": "on", **options}))
    return engine
