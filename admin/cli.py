"""The root command, and the one place where errors become exit codes: 0 done, 1 failed, 2 wrong usage.

Imports typer alone, so that `text2svg --help` answers at once; each command loads what it needs when it runs.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from admin import (
    compose,
    corpus,
    deploy,
    doctor,
    draw,
    evaluate,
    judge,
    mine,
    models,
    optimize,
    search,
    serve,
    store,
    train,
)
from admin.console import say
from text2svg.errors import Text2SVGError

HELP = """Words become small, safe, editable SVG drawings.

\b
  text2svg serve                                   the app in a browser
  text2svg generate "red heart" -n 4 --out hearts  four drawings as files
  text2svg optimize drawing.svg -o small.svg       a smaller file that looks the same
  text2svg search "left arrow"                     the nearest drawings of the corpus

Data goes to stdout, talk to stderr; reading commands take --json. Settings are TEXT2SVG_* variables; see `doctor`.
"""


class _Root(TyperGroup):
    """Turns the errors of the package into a sentence and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Text2SVGError as error:
            say(f"error: {error.message}")
            if error.hint:
                say(f"hint: {error.hint}")
            raise SystemExit(1) from None
        except BrokenPipeError:
            # The reader of our output left; a second error while Python flushes would only confuse.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            say("stopped")
            raise SystemExit(128 + signal.SIGINT) from None


app = typer.Typer(cls=_Root, help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
for module in (serve, draw, search, compose, optimize, doctor):
    module.register(app)
app.add_typer(corpus.app, name="corpus")
app.add_typer(mine.app, name="mine")
judge.register_training(train.app)
app.add_typer(train.app, name="train")
app.add_typer(models.app, name="model")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(store.app, name="store")
app.add_typer(deploy.app, name="deploy")


@app.callback()
def _root(version: bool = typer.Option(False, "--version", help="Print the version and end.", is_eager=True)) -> None:
    if version:
        from importlib.metadata import version as installed

        print(installed("text2svg"))
        raise typer.Exit


def main() -> None:
    """Entry point of the `text2svg` script."""
    app()
