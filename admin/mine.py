"""`text2svg mine ...`: drawings from the web, from web archives, data sets and folders, each with its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from admin.console import Ticker, plain, say, show, table
from admin.networking import Network, networked
from admin.opening import open_runtime

if TYPE_CHECKING:
    from text2svg.mine.reading import Row

app = typer.Typer(help="Collect drawings, and why others stayed out.", no_args_is_help=True, rich_markup_mode=None)

JSON = typer.Option(False, "--json", help="Print JSON.")
COLUMN = typer.Option("url", help="Column or key that holds the URLs.")
OFFSET = typer.Option(0, min=0, help="URLs to pass over.")
MOST = typer.Option(None, min=1, help="URLs to take at most.")
LICENCE = typer.Option("", help="SPDX licence of all of it, when you know it; a drawing's own statement wins.")
OPT_OUTS = typer.Option(True, help="Honour opt-outs from training.")


@app.command()
@networked
def urls(
    network: Network,
    lists: list[str] = typer.Argument(help="Files of URLs (text, CSV, JSONL, Parquet, .gz), URLs, or - for stdin."),
    column: str = COLUMN,
    start_offset: int = OFFSET,
    max_urls: int | None = MOST,
    as_json: bool = JSON,
) -> None:
    """Visit URLs and keep every SVG on the pages or linked from them.

    robots.txt, Crawl-delay, Retry-After and opt-outs from training are honoured; only public addresses are dialled.
    Stopped or killed, the same command goes on. Every URL and every drawing gets one row with its reason.

    \b
    Examples:
      text2svg mine urls pages.txt --agent "ExampleBot/1 (+https://example.org/bot)"
      text2svg mine urls crawl.parquet --column url --max-concurrency 500 --batch-size 50000 --timeout 1
      echo https://example.org/ | text2svg mine urls - --json
      text2svg mine urls crawl.parquet --rank 0 --world-size 8 --output-dir part0  # then: corpus import store part0
    """
    from text2svg.mine.sources import urls_of

    found = chain.from_iterable(urls_of(name, column) for name in lists)
    _visit(found, network, (start_offset, max_urls), as_json=as_json)


@app.command()
@networked
def dataset(
    network: Network,
    name: str = typer.Argument("", help="Data set on the Hugging Face hub, or a folder of data files."),
    dataset_option: str = typer.Option("", "--dataset", help="The same, as the first Text2SVG called it."),
    column: str = COLUMN,
    svg_column: str = typer.Option("", help="A column that holds SVG texts; then no site is visited."),
    caption_column: str = typer.Option("", help="A column with captions for them."),
    split: str = typer.Option("", help="Default: train, else the first."),
    seed: int | None = typer.Option(None, help="Shuffle the stream with this seed."),
    start_offset: int = OFFSET,
    max_urls: int | None = MOST,
    licence: str = LICENCE,
    as_json: bool = JSON,
) -> None:
    """Visit the URLs of a data set, streamed; or take its SVG texts.

    \b
    Examples:
      text2svg mine dataset someone/urls --column url --start-offset 100000 --seed 7
      text2svg mine dataset --dataset folder/ --column url --max-urls 1000
      text2svg mine dataset someone/icons --svg-column svg --caption-column text --licence MIT
    """
    from text2svg.errors import ConfigError
    from text2svg.mine.hub import dataset_chunks
    from text2svg.mine.sources import dataset_rows

    name = name or dataset_option
    if not name:
        raise ConfigError("name a data set", hint="text2svg mine dataset NAME --column url")
    wanted = [c for c in (svg_column, caption_column) if c] if svg_column else [column]
    rows = dataset_rows(name, wanted, split=split, seed=seed)
    if not svg_column:
        found = (str(row[column] or "") for row in rows)
        _visit(found, network, (start_offset, max_urls), as_json=as_json)
        return
    where = _where("dataset", Path(name).name if Path(name).is_dir() else name, licence)
    columns = (svg_column, caption_column)
    chunks = dataset_chunks(rows, where, columns, offset=start_offset, most=max_urls)
    config = {"source": "dataset", "name": where.collection, "split": split, "seed": seed, "licence": licence}
    _bring(chunks, config, network.output_dir, as_json=as_json)


@app.command()
def folder(
    root: Path = typer.Argument(help="Folder; every .svg below it is taken."),
    collection: str = typer.Option("", help="Name of the collection; default: the folder's."),
    licence: str = LICENCE,
    max_files: int | None = typer.Option(None, min=1, help="Files to take at most."),
    as_json: bool = JSON,
) -> None:
    """Take the SVG files of a folder.

    \b
    Example:
      text2svg mine folder drawings/ --licence CC0-1.0
    """
    from text2svg.mine.folder import folder_chunks

    where = _where("folder", collection or root.resolve().name, licence)
    config = {"source": "folder", "collection": where.collection, "licence": licence}
    _bring(folder_chunks(root, where, most=max_files), config, None, as_json=as_json)


@app.command()
def warc(
    files: list[Path] = typer.Argument(help="WARC files, .warc or .warc.gz."),
    opt_outs: bool = OPT_OUTS,
    as_json: bool = JSON,
) -> None:
    """Take the drawings of web archives; no site is touched. Needs the warc extra.

    \b
    Example:
      text2svg mine warc CC-MAIN-20260101-00000.warc.gz
    """
    from text2svg.mine.reading import ReadOptions
    from text2svg.mine.warc import warc_chunk

    options = ReadOptions(opt_outs=opt_outs)
    _bring((warc_chunk(path, options) for path in files), {"source": "warc", "read": options}, None, as_json=as_json)


@app.command()
@networked
def retry(network: Network, max_urls: int | None = MOST, as_json: bool = JSON) -> None:
    """Ask again for URLs that failed for a reason that may pass: time-outs, server errors, budgets.

    \b
    Example:
      text2svg mine retry --timeout 5
    """
    from text2svg.pipeline.mine import failed_urls

    with _opened(network.output_dir) as runtime, runtime.store() as store:
        found = list(failed_urls(store))
        prefix = f"retry/{len(store.shards('raw'))}/"  # the same URLs may fail again, and be asked again
    say(f"{len(found):,} URLs to ask again")
    _visit(found, network, (0, max_urls), as_json=as_json, prefix=prefix)


def _opened(output_dir: Path | None) -> Any:
    return open_runtime(data=output_dir) if output_dir else open_runtime()  # type: ignore[arg-type]


def _where(source: str, collection: str, licence: str) -> Any:
    from text2svg.licence.spdx import require_spdx
    from text2svg.mine.reading import Where

    if not licence:
        return Where("", source, collection=collection)
    require_spdx([licence])
    return Where("", source, collection=collection, licence=licence, licence_evidence="stated when it was brought in")


def _visit(
    found: Iterable[str], network: Network, cut: tuple[int, int | None], *, as_json: bool, prefix: str = ""
) -> None:
    from text2svg.mine.sources import batches, share, window
    from text2svg.pipeline.mine import mine_urls

    chosen = window(found, *cut)
    if network.rank >= 0 or network.world_size:
        chosen = share(chosen, network.rank, network.world_size)
    parts = batches(chosen, network.batch_size, prefix=prefix)
    with _opened(network.output_dir) as runtime, runtime.store(write=True) as store:
        mined = mine_urls(store, parts, network.fetcher(), network.crawl_options(), Ticker().stage)
    _show({"urls": mined.urls, **plain(mined.summary)}, as_json=as_json)


def _bring(chunks: Iterable[tuple[str, Iterable[Row]]], config: Any, output_dir: Path | None, *, as_json: bool) -> None:
    from text2svg.pipeline import import_samples

    with _opened(output_dir) as runtime, runtime.store(write=True) as store:
        summary = import_samples(store, chunks, config, on_progress=Ticker().stage)
    _show(plain(summary), as_json=as_json)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    show(answer, as_json=as_json, text=_text)
    if answer["interrupted"]:
        say("stopped; run the same command again to go on")
        raise typer.Exit(1)


def _text(answer: dict[str, Any]) -> str:
    from text2svg.mine.refusal import REASONS

    rows = [
        (f"{count:,}", outcome, REASONS.get(outcome.partition(":")[2], ""))
        for outcome, count in sorted(answer["reasons"].items(), key=lambda item: -item[1])
    ]
    head = f"{answer['urls']:,} URLs, " if "urls" in answer else ""
    return f"{head}{answer['rows']:,} rows, {answer['ok']:,} new drawings\n\n" + table(rows, ("rows", "outcome", "meaning"))
