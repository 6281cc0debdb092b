"""`text2svg corpus ...`: bring drawings in, bring them onto the grid, index them, look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from admin import caption, curate, exchange
from admin.console import Ticker, facts, say, show, table
from admin.opening import open_runtime
from admin.stage import How, run_stage, staged

app = typer.Typer(help="Build and look at the corpus.", no_args_is_help=True, rich_markup_mode=None)
importing = typer.Typer(help="Bring drawings in.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(importing, name="import")
curate.register(app)
caption.register(app)
exchange.register(app, importing)

JSON = typer.Option(False, "--json", help="Print JSON.")


@importing.command("iconify")
def import_iconify(
    sets: str = typer.Option("", help="Icon sets by name, separated by commas, each fetched by itself."),
    everything: bool = typer.Option(False, "--all", help="Every set of @iconify/json, about 240 of them, 465 MB."),
    folder: Path | None = typer.Option(None, help="An unpacked package folder instead of npm."),
    allow: str = typer.Option("", help="Licences to let in besides permissive ones, e.g. CC-BY-SA-4.0,logos."),
    keywords: bool = typer.Option(True, help="Merge the keyword table (tags, better captions)."),
    refresh_keywords: bool = typer.Option(False, help="Make the keyword table again from its npm packages, 661 MB."),
    as_json: bool = JSON,
) -> None:
    """Import icon sets with name, style, tags, author, licence and its evidence.

    Share-alike, non-commercial and logo sets stay out unless allowed. Sets that are there already are skipped, so an
    interrupted import goes on where it ended.

    \b
    Examples:
      text2svg corpus import iconify --sets lucide,tabler,ph
      text2svg corpus import iconify --all
      text2svg corpus import iconify --folder node_modules/@iconify/json --all --no-keywords
    """
    from collections import Counter

    from text2svg.curate.licences import LicencePolicy
    from text2svg.errors import ConfigError
    from text2svg.mine.npm import fetch_iconify
    from text2svg.pipeline import import_samples

    names = [s for s in sets.split(",") if s] or None
    if (names is None) != everything:
        raise ConfigError("name --sets or say --all", hint="text2svg corpus import iconify --sets lucide")
    policy = LicencePolicy(allow=frozenset(a for a in allow.split(",") if a))
    skipped: Counter[str] = Counter()
    with open_runtime() as runtime, runtime.store(write=True) as store:
        roots = [folder] if folder else fetch_iconify(runtime.npm, names)
        # A package fetched for one set holds that set alone; a folder of all sets is narrowed by name.
        chosen = names if folder else None
        table_of_keywords = _keywords(runtime, refresh=refresh_keywords) if keywords else None
        config = {"source": "iconify", "allow": sorted(policy.allow), "keywords": keywords}
        chunks = _icon_chunks(roots, chosen, (policy, table_of_keywords), skipped)
        ticker = Ticker()
        summary = import_samples(store, chunks, config, on_progress=ticker.stage)
    show({**_plain(summary), "left_out": dict(skipped)}, as_json=as_json, text=facts)
    _end(summary)


def _keywords(runtime: Any, *, refresh: bool) -> Any:
    from text2svg.mine.keywords import Keywords
    from text2svg.mine.npm import fetch_keywords
    from text2svg.runtime import ASSETS

    return fetch_keywords(runtime.npm) if refresh else Keywords.read(ASSETS / "keywords.json.gz")


def _icon_chunks(roots: list[Path], names: list[str] | None, how: tuple[Any, Any], skipped: Any) -> Any:
    from text2svg.mine.iconify import package_version
    from text2svg.mine.packages import iter_iconify

    policy, keywords = how
    for root in roots:
        name, version = package_version(root)
        for prefix, rows in iter_iconify(root, names, policy, keywords=keywords, skipped=skipped):
            yield f"{name}@{version}/{prefix}", rows


def _plain(summary: Any) -> dict[str, Any]:
    from admin.console import plain

    return plain(summary)


def _end(summary: Any) -> None:
    if summary.interrupted:
        say("stopped after a whole shard; run the same command again to go on")
        raise typer.Exit(1)


@app.command()
@staged
def optimize(
    how: How,
    verify: str = typer.Option("all", help="off, sample or all: render before and after."),
    as_json: bool = JSON,
) -> None:
    """Bring every imported drawing onto the 256 grid, prove it looks the same, and count why others stay as they are.

    \b
    Examples:
      text2svg corpus optimize
      text2svg corpus optimize --executor processes:8 --verify sample
      text2svg corpus optimize --executor ray:head-node:6379
      text2svg corpus optimize --rank $SLURM_PROCID --world-size $SLURM_NTASKS
      text2svg corpus optimize --retry failed
    """
    from text2svg.optimize.step import OptimizeStep

    with open_runtime() as runtime:
        step = OptimizeStep(verify=verify, svgo=runtime.svgo)  # type: ignore[arg-type]
        summary = run_stage(runtime, step, how)
    show(summary, as_json=as_json, text=lambda s: facts(_plain(s)))
    _end(summary)


@app.command()
def index(as_json: bool = JSON) -> None:
    """Encode the optimized drawings and make the corpus searchable.

    \b
    Example:
      text2svg corpus index
    """
    from text2svg.search.build import build

    with open_runtime() as runtime, runtime.store() as store:
        ticker = Ticker()
        built = build(
            store.vectors / "search",
            (sample for sample in store.iter_samples(stage="optimize") if sample.canonical),
            runtime.encoder,
            progress=lambda rows: ticker.tick(f"encode: {rows:,} rows"),
        )
    show(built, as_json=as_json, text=lambda b: facts(_plain(b)))


@app.command()
def stats(as_json: bool = JSON) -> None:
    """Rows by stage, outcome, reason, licence, style and rung.

    \b
    Example:
      text2svg corpus stats --json
    """
    with open_runtime() as runtime, runtime.store() as store:
        funnel = [c._asdict() for c in store.funnel()]
        parts = {name: store.histogram(name) for name in ("licence", "style", "rung", "source")}
        collections = store.histogram("collection")
    answer = {"funnel": funnel, **parts, "collections": len(collections), "collection": collections}
    show(answer, as_json=as_json, text=_stats_text)


def _stats_text(answer: dict[str, Any]) -> str:
    funnel = answer["funnel"]
    parts = [table([tuple(row.values()) for row in funnel], tuple(funnel[0]))] if funnel else []
    for name in ("licence", "style", "rung", "source"):
        rows = sorted(answer[name].items(), key=lambda item: -item[1])
        parts.append(table([(value or "(none)", f"{count:,}") for value, count in rows], (name, "rows")))
    return "\n\n".join([*parts, f"{answer['collections']} collections"])


@app.command("show")
def show_row(
    digest: str = typer.Argument(help="Digest of a row, as search and stats print it."),
    as_json: bool = JSON,
) -> None:
    """One row: texts, captions, licence, every place it was seen, and what became of it.

    \b
    Example:
      text2svg corpus show 3f1c…  --json
    """
    with open_runtime() as runtime, runtime.store() as store:
        answer = {"sample": store.get(digest), "sightings": store.sightings(digest), "verdict": store.verdict(digest)}
    show(answer, as_json=as_json, text=lambda a: facts(_flat(a)))


def _flat(answer: dict[str, Any]) -> dict[str, Any]:
    from admin.console import plain

    row = plain(answer["sample"])
    row |= {f"provenance.{k}": v for k, v in row.pop("provenance").items()}
    return {**row, "sightings": len(answer["sightings"]), "verdict": plain(answer["verdict"])}


@app.command()
def attribution(
    out: Path = typer.Option(Path("ATTRIBUTION.md"), "-o", "--out", help="File to write."),
    names: bool = typer.Option(False, help="List every drawing's name."),
) -> None:
    """Write the credits that CC-BY material needs.

    \b
    Example:
      text2svg corpus attribution -o ATTRIBUTION.md
    """
    from text2svg.curate.attribution import attribution_text

    with open_runtime() as runtime, runtime.store() as store:
        text = attribution_text(store.iter_samples(), names=names, changes="The drawings were put on a 256 unit grid.")
    out.write_text(text, encoding="utf-8")
    say(f"wrote {out}")


@app.command()
def starter(
    out: Path = typer.Argument(help="Folder to write samples.parquet, index/ and ATTRIBUTION.md into."),
    as_json: bool = JSON,
) -> None:
    """Choose the starter corpus that ships with the package: frequent captions, good sets, every style.

    \b
    Example:
      text2svg corpus starter text2svg/assets/starter
    """
    import shutil

    from text2svg.curate.attribution import attribution_text
    from text2svg.curate.starter import choose_starter
    from text2svg.search.build import BuildOptions, build
    from text2svg.store.starter import write_starter

    with open_runtime() as runtime, runtime.store() as store:
        rows = (sample for sample in store.iter_samples(stage="optimize") if sample.canonical)
        chosen = choose_starter(rows)
        out.mkdir(parents=True, exist_ok=True)
        write_starter(out / "samples.parquet", chosen)
        changes = "The drawings were put on a 256 unit grid and rounded to whole numbers."
        (out / "ATTRIBUTION.md").write_text(attribution_text(chosen, changes=changes), encoding="utf-8")
        built = build(out / "index", chosen, runtime.encoder, BuildOptions(dtype="float16"))
        shutil.rmtree(out / "index.vectors")  # kept by a build for the next one; a shipped corpus has none
    show(built, as_json=as_json, text=lambda b: facts(_plain(b)))
