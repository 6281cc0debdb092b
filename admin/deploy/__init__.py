"""`text2svg deploy ...`: the app as a folder that a host can run, and the picture that shows it.

Refuses to push what nobody asked to push: without `--push` nothing leaves the machine. The trade-off: a Space holds a copy
of the installed package, so it runs what was tested here, and is written again for every new version.
"""

from __future__ import annotations

from pathlib import Path

import typer

from admin.console import say

app = typer.Typer(
    help="Write what a host can run, and the README's picture.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def space(
    out: Path = typer.Argument(..., help="Folder to write; it must not exist yet, or be empty."),
    kind: str = typer.Option("docker", help="docker (any hardware) or zerogpu (Gradio on a shared GPU)."),
    title: str = typer.Option("Text2SVG", help="Title of the Space."),
    data: str = typer.Option("", help="Where a corpus is mounted in the Space; empty is the starter corpus."),
    push: str = typer.Option("", metavar="OWNER/NAME", help="Also put it on the host, with your token (HF_TOKEN)."),
    private: bool = typer.Option(False, help="Make a new Space private."),
) -> None:
    """Write a Hugging Face Space: front matter, app, requirements, the package and its models.

    \b
    Examples:
      text2svg deploy space --kind docker my-space
      text2svg deploy space --kind zerogpu my-space --data /data/text2svg
      HF_TOKEN=... text2svg deploy space --kind docker my-space --push OWNER/text2svg
    """
    from admin.deploy.space import Space, write

    files = write(Space(kind, title, data), out)
    if not push:
        say(f"{len(files):,} files in {out}; push them with: hf upload OWNER/NAME {out} --repo-type space")
        return
    from admin.deploy.push import push as send

    say(f"{len(files):,} files in {out}; pushing to {push}")
    print(send(out, push, kind, private=private))


@app.command()
def pictures(out: Path = typer.Argument(..., help="SVG file to write.")) -> None:
    """Draw the README's moving picture with the bundled model: words, styles and seeds stand on it.

    \b
    Example:
      text2svg deploy pictures .github/pictures.svg
    """
    from admin.deploy.pictures import cards, picture
    from admin.opening import open_runtime

    with open_runtime() as runtime:
        text = picture(*cards(runtime))
    out.write_text(text, encoding="utf-8")
    say(f"wrote {out}: {len(text.encode()):,} bytes")


@app.command("before-after")
def before_after(
    drawing: Path = typer.Argument(..., exists=True, dir_okay=False, help="SVG file to optimize."),
    out: Path = typer.Argument(..., help="SVG file to write."),
) -> None:
    """Show a drawing before and after the optimizer, with both texts in full.

    \b
    Example:
      text2svg deploy before-after .github/power.svg .github/optimized.svg
    """
    from admin.deploy.before_after import compared
    from text2svg.optimize import OptimizeOptions, open_tools, optimize

    text = drawing.read_text(encoding="utf-8")
    with open_tools() as tools:
        made = compared(text, optimize(text, OptimizeOptions(), tools))
    out.write_text(made, encoding="utf-8")
    say(f"wrote {out}: {len(made.encode()):,} bytes")
