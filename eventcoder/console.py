"""What a run does and did, said on stderr: progress, and the account of what became of all."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from eventcoder.selection import Account

LINE_EVERY = 30.0  # seconds between lines of progress where no terminal shows it


def _left(counts: dict[str, int], before: dict[str, int], seconds: float) -> str:
    """Say how long the bytes still to be read will take, at the pace so far."""
    read = counts.get("bytes", 0) - before.get("bytes", 0)
    if read <= 0:
        return ""
    left = (counts["bytes_in_all"] - counts["bytes"]) / read * seconds
    return f"about {dt.timedelta(seconds=round(max(left, 0)))} left"


@contextmanager
def progress() -> Iterator[Any]:
    """Show documents, rate and time left: moving on a terminal, elsewhere a line now and then."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    began = said = time.monotonic()
    before: dict[str, int] = {}  # what a resumed run had already, and what its first part added

    def pace(counts: dict[str, int]) -> tuple[float, str]:
        nonlocal began
        if not before:
            before.update(counts)
            began = time.monotonic()
        seconds = time.monotonic() - began
        rate = (counts["sentences"] - before["sentences"]) / seconds if seconds else 0.0
        return rate, _left(counts, before, seconds)

    def line(counts: dict[str, int]) -> None:
        nonlocal said
        rate, left = pace(counts)
        if time.monotonic() - said >= LINE_EVERY:
            said = time.monotonic()
            typer.echo(
                f"{counts['read']:,} documents, {counts['sentences']:,} sentences, {rate:,.0f} "
                f"sentences/s{', ' if left else ''}{left}", err=True,
            )  # fmt: skip

    console = Console(stderr=True)
    if not console.is_terminal:
        yield line
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} documents, {task.fields[sentences]:,} sentences"),
        TextColumn("{task.fields[rate]:,.0f} sentences/s"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("coding", total=None, sentences=0, rate=0.0, left="")

        def show(counts: dict[str, int]) -> None:
            rate, left = pace(counts)
            bar.update(task, completed=counts["read"], sentences=counts["sentences"], rate=rate,
                       left=left)  # fmt: skip

        yield show


def account(info: dict[str, Any], unresolved: Path | None = None) -> None:
    """Say what was read, coded, skipped, lost and why, and where phrases wait for a code."""
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
    if counts.get("skipped_files"):
        typer.echo(
            f"files passed over, of no format that is read: {counts['skipped_files']:,} (log.jsonl "
            "names them)",
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
    if unresolved:
        typer.echo(
            f"phrases that no actor is known for: {unresolved} (fill in codes, then recode with "
            "--actors)",
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
