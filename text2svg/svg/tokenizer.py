"""SVG text and caption words to token ids and back, through one plain `tokenizer.json`.

The file is an ordinary Hugging Face tokenizer (byte-level BPE with `ignore_merges`), so vLLM, transformers and the bundled
engine read the same one. Decoding is concatenation, exact for every canonical drawing; a caption in any script survives
through byte pieces. Refuses nothing; the trade-off is two tokens per number (`22` and ` 22`), 257 embedding rows more than
needed, for a decoder that no engine has to special-case.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as _HfTokenizer

from text2svg.errors import ConfigError
from text2svg.svg.order import order
from text2svg.svg.vocabulary import BOS, DETAILS, EOS, PAD, STYLES, drawing_tokens, split_pattern


class Tokenizer:
    """A loaded tokenizer; see the module docstring for its properties."""

    def __init__(self, inner: _HfTokenizer) -> None:
        self.inner = inner
        self.vocab: dict[str, int] = inner.get_vocab()
        self.vocab_size = inner.get_vocab_size()
        self.svg_vocab = len(drawing_tokens())
        self.pad_id, self.bos_id, self.eos_id = (self.vocab[t] for t in (PAD, BOS, EOS))
        self.collections = tuple(sorted(t[6:-2] for t in self.vocab if t.startswith("<|set:")))

    def encode(self, text: str) -> list[int]:
        """Ids of canonical SVG text, without bos and eos."""
        return self.inner.encode(text, add_special_tokens=False).ids

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        """Like `encode`, many at once."""
        return [e.ids for e in self.inner.encode_batch_fast(texts, add_special_tokens=False)]

    def encode_drawing(self, svg: str) -> list[int]:
        """Ids of a canonical drawing in the order that is learned, with eos. Raises NotCanonical."""
        return [*self.encode(order(svg)), self.eos_id]

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids; specials and control tokens are left out."""
        return self.inner.decode(list(ids), skip_special_tokens=True)

    def encode_prompt(
        self, words: str, *, style: str = "", detail: int | None = None, collection: str = ""
    ) -> list[int]:
        """Ids the model is conditioned on: bos, control tokens, then lower-case words.

        Unknown styles and collections raise ConfigError naming the known ones.
        """
        return [
            self.bos_id,
            *self.control(style=style, detail=detail, collection=collection),
            *self.encode_words(words),
        ]

    def control(
        self, *, style: str = "", detail: int | None = None, collection: str = ""
    ) -> list[int]:
        """Control token ids in their fixed order: collection, style, detail."""
        out = []
        if collection:
            out.append(self._control("set", collection, self.collections))
        if style:
            out.append(self._control("style", style, STYLES))
        if detail is not None:
            out.append(
                self._control("detail", str(detail), tuple(str(i) for i in range(len(DETAILS))))
            )
        return out

    def _control(self, kind: str, name: str, known: tuple[str, ...]) -> int:
        token = self.vocab.get(f"<|{kind}:{name}|>")
        if token is None:
            raise ConfigError(f"unknown {kind} {name!r}", hint=f"known: {', '.join(known)}")
        return token

    def encode_words(self, words: str) -> list[int]:
        """Caption words, each with a leading space."""
        text = " ".join(words.lower().split()).replace("<", " ").replace(">", " ")
        return self.encode(f" {text}") if text else []


@lru_cache(maxsize=4)
def load_tokenizer(path: str | Path | None = None) -> Tokenizer:
    """The tokenizer of a file, or the one that ships with the package. Raises ConfigError when it is not ours."""
    source = (
        Path(path)
        if path
        else Path(str(files("text2svg") / "assets" / "tokenizer" / "tokenizer.json"))
    )
    if not source.is_file():
        raise ConfigError(f"no tokenizer at {source}", hint="give the path of a tokenizer.json")
    tokenizer = Tokenizer(_HfTokenizer.from_file(str(source)))
    expected = drawing_tokens()
    if any(
        tokenizer.vocab.get(text) is None for text in (PAD, BOS, EOS)
    ) or tokenizer.vocab_size < len(expected):
        raise ConfigError(
            f"{source} is not a Text2SVG tokenizer",
            hint="train one with `text2svg train tokenizer`",
        )
    return tokenizer


def train_tokenizer(
    captions: Iterable[str], collections: Iterable[str], words: int = 6000
) -> Tokenizer:
    """Builds a tokenizer: drawing tokens, control tokens, then `words` byte-level pieces learned from captions.

    Deterministic for the same captions in the same order.
    """
    learned = _HfTokenizer(models.BPE())
    learned.pre_tokenizer = _pre_tokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=words,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learned.train_from_iterator((f" {c.lower()}" for c in captions), trainer)
    drawing = [_bytes(t) if i > 2 else t for i, t in enumerate(drawing_tokens())]
    control = [f"<|set:{c}|>" for c in sorted(collections)]
    control += [f"<|style:{s}|>" for s in STYLES] + [f"<|detail:{i}|>" for i in range(len(DETAILS))]
    vocab = {text: i for i, text in enumerate([*drawing, *control])}
    state = _state(learned)
    for piece, _ in sorted(state["vocab"].items(), key=lambda item: item[1]):
        vocab.setdefault(piece, len(vocab))
    merges = [tuple(m) if not isinstance(m, str) else tuple(m.split(" ")) for m in state["merges"]]
    inner = _HfTokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    inner.pre_tokenizer = _pre_tokenizer()
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([PAD, BOS, EOS, *control])
    return Tokenizer(inner)


def _state(tokenizer: _HfTokenizer) -> dict:
    import json  # only training needs it

    return json.loads(tokenizer.to_str())["model"]


def _pre_tokenizer() -> pre_tokenizers.Sequence:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split_pattern()), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _bytes(text: str) -> str:
    """A token's text in the byte alphabet of byte-level BPE, where a space is written as Ġ."""
    return text.replace(" ", "Ġ")
