"""Fine-tune a language model on drawings: rows, the loop of transformers' Trainer, checkpoints, metrics, the merged model.

    finetune(Job(recipe, out), pairs, heldout)        out/checkpoint-N, out/log.jsonl, out/merged

A run resumed from its checkpoint goes on exactly as it would have. Refuses to overwrite a run, and to pack when the backend
lets packed documents see each other: it is tried on two of them first. The trade-off: metrics are the loss alone; what the
drawings are worth, `evaluate` says.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from text2svg.errors import TrainError
from text2svg.train.finetune import Backend, Student, choose_backend, load_student, merge
from text2svg.train.finetune_data import Pair, Row, Rows, batch, make_rows
from text2svg.train.finetune_recipe import FinetuneRecipe
from text2svg.train.journal import Journal

SAME = 1e-3
"""Largest difference of a logit that packing may make, in units of their standard deviation, at 32 bits."""
SAME_HALF = 0.1
"""The same at 16 bits, where kernels round differently with the length of a row."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    recipe: FinetuneRecipe
    out: Path
    backend: str = "auto"
    resume: bool = False
    """Go on from the newest checkpoint of `out`."""
    steps: int = 0
    """Stop after this many steps in all, with a checkpoint, the schedule unchanged; 0 trains to the end."""
    log_to: str = "none"
    """Where metrics go beside the log: none, trackio or wandb."""
    report: Callable[[str], None] = lambda _text: None


def finetune(job: Job, pairs: Iterable[Pair], heldout: Iterable[Pair]) -> dict[str, Any]:
    """Train, merge when the end is reached, and give the card. SIGINT and SIGTERM leave a checkpoint and no merged model.

    Raises TrainError, ConfigError, MissingDependency.
    """
    last = _last_checkpoint(job)
    backend = choose_backend(job.backend)
    job.report(f"trained by {backend.reason}")
    recipe = _possible(job.recipe, backend, job.report)
    student = load_student(recipe, backend)
    packing = recipe.packing and _packs(student, job.report)
    rows = make_rows(pairs, student.tokenizer, recipe.context, packing=packing, seed=recipe.seed)
    held = make_rows(heldout, student.tokenizer, recipe.context, packing=False, seed=recipe.seed)
    job.report(
        f"{rows.pairs:,} pairs in {len(rows.rows):,} rows, {rows.too_long:,} left out as longer than {recipe.context}; "
        f"{student.added:,} tokens added; {held.pairs:,} pairs held out"
    )
    log = _log(job)
    trainer = _trainer(replace(job, recipe=recipe), student, (rows, held), backend, log)
    with _stopping(log):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    card = _card(recipe, backend, trainer, rows, packed=packing)
    if trainer.state.global_step < trainer.state.max_steps:
        job.report(
            f"stopped after {trainer.state.global_step:,} of {trainer.state.max_steps:,} steps; --resume goes on"
        )
        return card
    card["heldout"] = round(trainer.evaluate()["eval_loss"], 4)
    trainer.save_model(str(job.out / "adapter"))
    job.report("merging")
    merge(recipe, backend, job.out / "adapter", job.out / "merged")
    (job.out / "merged" / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return card


def _last_checkpoint(job: Job) -> Path | None:
    found = sorted(job.out.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    if found and not job.resume:
        raise TrainError(f"{job.out} already holds a run", hint="add --resume, or name another folder")
    return found[-1] if found else None


def _possible(recipe: FinetuneRecipe, backend: Backend, report: Callable[[str], None]) -> FinetuneRecipe:
    """The recipe with what needs a GPU replaced where there is none, aloud."""
    if backend.gpu or recipe.optimizer != "adamw_8bit":
        return recipe
    report("AdamW keeps 32 bits: 8 need a GPU")
    return replace(recipe, optimizer="adamw_torch")


def _packs(student: Student, report: Callable[[str], None]) -> bool:
    """Whether two documents in one row get the logits they get alone."""
    import torch

    ids = student.tokenizer.encode("red heart, left arrow, blue star", add_special_tokens=False)
    one, two = (Row(part, part, list(range(len(part)))) for part in (ids, ids[::-1]))
    packed = Row(*(a + b for a, b in zip(one, two, strict=True)))
    device = student.model.device
    student.model.eval()
    with torch.no_grad():
        alone, both = (
            student.model(**{k: v.to(device) for k, v in batch([row], 0).items()}).logits[0].float()
            for row in (two, packed)
        )
    student.model.train()
    off = float((both[len(one.ids) :] - alone).abs().max() / alone.std())
    same = off <= (SAME if student.model.dtype is torch.float32 else SAME_HALF)
    if not same:
        report(f"packing is off: here packed documents see each other (logits move by {off:.2f} of their spread)")
    return same


def _trainer(job: Job, student: Student, rows: tuple[Rows, Rows], backend: Backend, log: Any) -> Any:
    from transformers import PrinterCallback, Trainer

    recipe = job.recipe

    class TwoRates(Trainer):  # type: ignore[misc]
        """Embeddings and the output matrix learn at a rate of their own."""

        def create_optimizer(self, model: Any = None) -> Any:
            if self.optimizer is None:
                kind, options = Trainer.get_optimizer_cls_and_kwargs(self.args, self.model)
                self.optimizer = kind(_groups(self.model, recipe), **options)
            return self.optimizer

    pad = student.tokenizer.pad_token_id or student.tokenizer.eos_token_id
    trainer = TwoRates(
        model=student.model,
        args=_arguments(job, backend),
        data_collator=lambda picked: batch(picked, pad),
        train_dataset=rows[0].rows,
        eval_dataset=rows[1].rows,
        callbacks=[log],
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for data
    return trainer


def _groups(model: Any, recipe: FinetuneRecipe) -> list[dict[str, Any]]:
    whole = ("embed_tokens", "lm_head")
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    tables = [p for name, p in named if any(part in name for part in whole)]
    adapters = [p for name, p in named if not any(part in name for part in whole)]
    groups = [{"params": adapters, "lr": recipe.lr}, {"params": tables, "lr": recipe.embedding_lr}]
    return [group | {"weight_decay": recipe.weight_decay} for group in groups if group["params"]]


def _arguments(job: Job, backend: Backend) -> Any:
    from transformers import TrainingArguments

    recipe = job.recipe
    return TrainingArguments(
        output_dir=str(job.out),
        per_device_train_batch_size=recipe.batch,
        per_device_eval_batch_size=recipe.batch,
        gradient_accumulation_steps=recipe.accumulate,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.lr,
        warmup_steps=recipe.warmup,
        lr_scheduler_type=recipe.schedule,
        optim=recipe.optimizer,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        eval_strategy="steps",
        eval_steps=recipe.checkpoint_every,
        save_steps=recipe.checkpoint_every,
        save_total_limit=2,
        logging_steps=1,
        bf16=backend.dtype == "bfloat16",
        fp16=backend.dtype == "float16",
        use_cpu=not backend.gpu,
        seed=recipe.seed,
        data_seed=recipe.seed,
        report_to=[] if job.log_to == "none" else [job.log_to],
        run_name=recipe.name,
        remove_unused_columns=False,
        prediction_loss_only=True,
        disable_tqdm=True,
        dataloader_pin_memory=backend.gpu,
    )


def _log(job: Job) -> Any:
    from transformers import TrainerCallback

    journal = Journal(job.out / "log.jsonl")

    class Log(TrainerCallback):  # type: ignore[misc]
        """Writes log.jsonl, says each line, and ends the run after `steps`, or when it is told to stop."""

        stopped = False

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            journal.trim(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            journal.write({"step": state.global_step, **(logs or {})})
            shown = ", ".join(f"{k} {v:.4g}" for k, v in (logs or {}).items() if k in ("loss", "eval_loss"))
            if shown:
                job.report(f"step {state.global_step:,} of {state.max_steps:,}: {shown}")

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step < state.max_steps and (self.stopped or 0 < job.steps <= state.global_step):
                control.should_save = control.should_training_stop = True

    return Log()


@contextmanager
def _stopping(log: Any) -> Iterator[None]:
    """SIGINT and SIGTERM end the run behind the step in hand, with a checkpoint."""

    def stop(_number: int, _frame: Any) -> None:
        log.stopped = True

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _card(recipe: FinetuneRecipe, backend: Backend, trainer: Any, rows: Rows, *, packed: bool) -> dict[str, Any]:
    losses: Sequence[dict[str, Any]] = [line for line in trainer.state.log_history if "loss" in line]
    return {
        "kind": "finetuned",
        "base": recipe.base,
        "recipe": recipe.to_dict(),
        "backend": backend.reason,
        "packed": packed,
        "pairs": rows.pairs,
        "left_out": rows.too_long,
        "rows": len(rows.rows),
        "learned_tokens": rows.learned,
        "steps": trainer.state.global_step,
        "loss": losses[-1]["loss"] if losses else None,
    }
