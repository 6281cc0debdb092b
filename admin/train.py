"""`text2svg train ...`: token shards, the generator, the encoder. Needs the `train` extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin import finetune, preferences, study, train_encoder
from admin.console import Ticker, facts, say, show
from admin.opening import open_runtime

app = typer.Typer(help="Train models on the corpus.", no_args_is_help=True, rich_markup_mode=None)
finetune.register(app)
train_encoder.register(app)
preferences.register(app)
study.register(app)
JSON = typer.Option(False, "--json", help="Print JSON.")


@app.command()
def shards(
    out: Path = typer.Argument(help="Folder to write."),
    exclude: str = typer.Option("", help="Collections to leave out, separated by commas."),
    limits: str = typer.Option("", help="Longest drawings by group, in tokens, e.g. stroke=160,solid=160."),
    groups: str = typer.Option("", help="Further groups by collection, e.g. emoji=twemoji+noto."),
    core: int = typer.Option(60, help="Drawings a word must occur on to be a core word; 0 makes no core groups."),
    width: int = typer.Option(256, help="Width of the recipe the initial embeddings are for."),
    teacher: str = typer.Option("", help="Encoder spec of a sentence model that gives words their first meaning."),
    pairs: Path | None = typer.Option(None, exists=True, help="Composed pairs, a group of their own: compose-pairs."),
    picks: Path | None = typer.Option(None, exists=True, help="The model's best drawings, a group too: train preferences."),
    mirrored: float = typer.Option(0.0, min=0, max=1, help="Share of drawings also shown mirrored, in groups of their own."),
    as_drawn: bool = typer.Option(False, help="Leave parts and starting points in the order they were drawn in."),
    as_json: bool = JSON,
) -> None:
    """Turn the optimized corpus into token shards: the one folder a generator is trained from.

    \b
    Examples:
      text2svg train shards shards/ --exclude flag,pixelarticons
      text2svg train shards shards/ --limits stroke=160,solid=160 --groups emoji=twemoji+noto --mirrored 0.6
      text2svg compose-pairs pairs.jsonl -n 20000 --store && text2svg train shards shards/ --pairs pairs.jsonl
    """
    from dataclasses import replace

    from text2svg.caption.keywords import is_heldout
    from text2svg.encode import load
    from text2svg.train.dataset import (
        DatasetOptions,
        build_shards,
        core_words,
        initial_embeddings,
        parse_families,
        parse_limits,
    )

    left_out, named = frozenset(e for e in exclude.split(",") if e), parse_families(groups)
    options = DatasetOptions(
        parse_limits(limits), exclude=left_out, mirrored=mirrored, ordered=not as_drawn, families=named
    )
    with open_runtime() as runtime, runtime.store() as store:
        options = replace(options, core_words=core_words(_captions(store, options), core))
        init = initial_embeddings(runtime.tokenizer, width, load(teacher).encode_text if teacher else None)
        more, counted = _made(pairs, picks, runtime.tokenizer)
        counts = build_shards(_told(_rows(store)), out, runtime.tokenizer, is_heldout, options, init, more)
    show(dict(counts + counted), as_json=as_json, text=facts)


def _made(pairs: Path | None, picks: Path | None, tokenizer: Any) -> tuple[dict[Any, Any], Any]:
    """Documents of composed pairs and of picks, by group and split, and their counts by outcome."""
    from text2svg.train.pairs import pair_documents, read_composed
    from text2svg.train.preferences import pick_documents, read_preferences

    composed, counts = pair_documents(read_composed(pairs) if pairs else (), tokenizer)
    best, picked = pick_documents(read_preferences(picks) if picks else (), tokenizer)
    return composed | best, counts + picked


def _rows(store: Any) -> Any:
    from text2svg.train.dataset import row_of

    return (row_of(s) for s in store.iter_samples(stage="optimize") if s.canonical)


def _told(rows: Any) -> Any:
    """The rows, with a line of progress."""
    ticker, done = Ticker(), 0
    for done, row in enumerate(rows, 1):
        yield row
        ticker.tick(f"{done:,} rows read")
    ticker.tick(f"{done:,} rows read", final=True)


def _captions(store: Any, options: Any) -> Any:
    return (row.caption for row in _rows(store) if row.fits(options))


@app.command()
def generator(
    shards: Path = typer.Option(..., help="Token shards, from `text2svg train shards`."),
    out: Path = typer.Option(..., help="Folder of the run: checkpoints and log."),
    recipe: str = typer.Option("icons-small", help="A shipped recipe or a .toml file."),
    mix: str = typer.Option("stroke=1", help="Groups and their weights by tokens, e.g. stroke=2,solid=1,color=1."),
    tokens: float = typer.Option(float("inf"), help="Stop when this many tokens have been seen in all."),
    threads: int = typer.Option(1, help="CPU threads."),
    resume: bool = typer.Option(False, help="Continue from the newest checkpoint of --out."),
    branch: Path | None = typer.Option(None, help="Begin with the whole state of another run."),
    weights: Path | None = typer.Option(None, "--from", help="Begin with the weights of an exported folder."),
    decay: float = typer.Option(0, help="Decay the learning rate to 0 over this many tokens from now, then stop."),
) -> None:
    """Train the generator from scratch; Ctrl-C saves a checkpoint that --resume continues exactly.

    \b
    Examples:
      text2svg train generator --shards shards --out runs/small --mix stroke=1 --tokens 5e6
      text2svg train generator --shards shards --out runs/small --resume --mix stroke=1,solid=1,tone=1,color=1
      text2svg train generator --shards shards --out runs/final --branch runs/small --decay 2e6
    """
    from text2svg.train.batches import parse_mix
    from text2svg.train.generator import Start, choose_place, train
    from text2svg.train.recipe import load_recipe

    start = Start(resume, branch, weights, int(decay) or None)
    place = choose_place(threads=threads)
    progress = train(load_recipe(recipe), shards, out, mix=parse_mix(mix), tokens=tokens, start=start, place=place)
    say(f"{progress.tokens:,} tokens seen; export with: text2svg model export {out} -o FOLDER")


@app.command()
def tokenizer(
    out: Path = typer.Argument(help="tokenizer.json to write."),
    words: int = typer.Option(6000, help="Pieces to learn from captions."),
    least: int = typer.Option(300, help="Rows a collection needs for a control token of its own."),
) -> None:
    """Learn a tokenizer from the corpus. A model only understands the tokenizer it was trained with.

    \b
    Example:
      text2svg train tokenizer tokenizer.json
    """
    from text2svg.svg.tokenizer import train_tokenizer

    with open_runtime() as runtime, runtime.store() as store:
        captions = [" ".join((s.caption, *s.tags)) for s in store.iter_samples()]
        sets = [name for name, rows in store.histogram("collection").items() if rows >= least]
    made = train_tokenizer(captions, sets, words)
    made.inner.save(str(out))
    say(f"{made.vocab_size:,} tokens, {made.svg_vocab:,} of them for drawings")
