"""`text2svg model convert-encoder`: a FlexBERT checkpoint as a Hugging Face folder. Needs the `train` extra."""

from __future__ import annotations

from pathlib import Path

import typer

from admin.console import facts, show


def convert_encoder(
    config: Path = typer.Option(..., help="config.json of the Hugging Face model."),
    checkpoint: Path = typer.Option(..., help="Composer checkpoint (.pt) of a FlexBERT encoder."),
    output: Path = typer.Option(..., "-o", "--output", help="Folder to write."),
    tokenizer: Path | None = typer.Option(None, help="Folder of its tokenizer."),
    save_tokenizer: bool = typer.Option(False, "--save-tokenizer", help="Copy the tokenizer into the folder."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Turn a FlexBERT checkpoint into a folder for transformers. Code in a checkpoint is never run.

    \b
    Examples:
      text2svg model convert-encoder --config config.json --checkpoint latest.pt -o encoder/
      text2svg model convert-encoder --config c.json --checkpoint latest.pt -o encoder/ --tokenizer tok/ --save-tokenizer
    """
    from text2svg.errors import ConfigError
    from text2svg.train.encoder_convert import convert_checkpoint

    if save_tokenizer and tokenizer is None:
        raise ConfigError("--save-tokenizer needs --tokenizer", hint="name the tokenizer's folder")
    made = convert_checkpoint(config, checkpoint, output, tokenizer if save_tokenizer else None)
    show(made, as_json=as_json, text=facts)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("convert-encoder")(convert_encoder)
