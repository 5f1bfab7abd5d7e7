"""What a run does and did, said on stderr: progress, and the account of what became of all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from eventcoder.selection import Account

LINE_EVERY = 30.0  # seconds between lines of progress where no terminal shows it


@contextmanager
def progress() -> Iterator[Any]:
    """Show documents and rate: moving on a terminal, elsewhere a line now and then."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    began, console = time.monotonic(), Console(stderr=True)
    before: dict[str, int] = {}  # what a resumed run had already, and what its first part added
    said = began

    def rate(counts: dict[str, int]) -> float:
        if not before:
            before.update(counts)
            return 0.0
        return (counts["sentences"] - before["sentences"]) / (time.monotonic() - began)

    def line(counts: dict[str, int]) -> None:
        nonlocal said
        speed = rate(counts)
        if time.monotonic() - said >= LINE_EVERY:
            said = time.monotonic()
            typer.echo(
                f"{counts['read']:,} documents, {counts['sentences']:,} sentences, {speed:,.0f} "
                "sentences/s", err=True,
            )  # fmt: skip

    if not console.is_terminal:
        yield line
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} documents, {task.fields[sentences]:,} sentences"),
        TextColumn("{task.fields[rate]:,.0f} sentences/s"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("coding", total=None, sentences=0, rate=0.0)
        yield lambda counts: bar.update(
            task, completed=counts["read"], sentences=counts["sentences"], rate=rate(counts)
        )


def account(info: dict[str, Any]) -> None:
    """Say what was read, coded, skipped, lost and why."""
    counts = info["counts"]
    typer.echo(
        f"read {counts['read']:,} documents = coded {counts['coded']:,} + skipped "
        f"{counts['skipped']:,} + failed {counts['failed']:,}; {counts['sentences']:,} sentences "
        f"in {info['seconds']:.1f} s",
        err=True,
    )
    if counts.get("truncated"):
        typer.echo(
            f"of these {counts['truncated']:,} read in part: a sentence is longer than the model "
            "reads",
            err=True,
        )
    dropped = {k.removeprefix("dropped: "): n for k, n in counts.items() if k.startswith("dropped")}
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in dropped.items())
    typer.echo(
        f"event mentions {counts['mentions']:,}; coded rows {counts['events']:,} = kept "
        f"{counts.get('kept', 0):,} + dropped {sum(dropped.values()):,}"
        + (f" ({reasons})" if reasons else ""),
        err=True,
    )


def account_series(found: Account, level: str) -> None:
    """Say how many events a series counts, and why not the others."""
    left = ", ".join(f"{reason} {n:,}" for reason, n in found.left_out.items() if n)
    typer.echo(
        (f"{level}: " if level else "")
        + f"{found.read:,} events read, {found.kept:,} in the series"
        + (f"; left out: {left}" if left else ""),
        err=True,
    )
