"""An older release and the tables of a new one in, what changed by row and in the series out."""

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from eventcoder import tables
from eventcoder.metadata import Part

if TYPE_CHECKING:
    from eventcoder.release import Release

_SHOWN = 20
_QUADS = ("n_verbal_cooperation", "n_material_cooperation", "n_verbal_conflict",
          "n_material_conflict")  # fmt: skip


def write_changes(old: "Release", folder: Path, parts: list[Part], version: str) -> list[Part]:
    """Write CHANGES.md and the two tables of changes; return the tables' descriptions."""
    from eventcoder.release import write_part

    new = _scan(folder, parts, "events")
    before = old.table("events").select(_comparable(old, new))
    new = new.select(before.collect_schema().names())
    rows = event_changes(before, new)
    series_before = old.table("dyads-month")
    series = _scan(folder, parts, "dyads-month")
    moved = dyad_changes(series_before, series)
    text = _log(old, version, rows, moved, (_totals(series_before), _totals(series)))
    (folder / "CHANGES.md").write_text(text, "utf-8", newline="\n")
    return [
        write_part(folder, "event-changes.parquet", "event-changes", rows.lazy()),
        write_part(folder, "dyad-changes.parquet", "dyad-changes", moved.lazy()),
    ]


def _scan(folder: Path, parts: list[Part], table: str) -> pl.LazyFrame:
    files = [pl.scan_parquet(folder / p.path, glob=False) for p in parts if p.table == table]
    return files[0] if len(files) == 1 else pl.concat(files)


def _comparable(old: "Release", new: pl.LazyFrame) -> list[str]:
    """Return the columns that both have: one release may come with text, the other without.

    Asked of the older file itself, since a release's table fills in what its file lacks.
    """
    file = next(f["path"] for f in old.info()["files"] if f["table"] == "events")
    there = tables.scan(old.path / file).collect_schema()
    return [name for name in new.collect_schema().names() if name in there]


def event_changes(before: pl.LazyFrame, new: pl.LazyFrame) -> pl.DataFrame:
    """Return the events added, removed or changed, and the columns that differ."""
    names = [name for name in new.collect_schema().names() if name != "event_id"]
    both = before.join(new, on="event_id", how="inner", suffix=" new")
    differing = pl.concat_str(
        [
            pl.when(pl.col(name).ne_missing(pl.col(f"{name} new"))).then(pl.lit(name))
            for name in names
        ],
        separator=" ",
        ignore_nulls=True,
    )
    changed = both.select("event_id", change=pl.lit("changed"), columns=differing)
    found = [
        new.join(before, on="event_id", how="anti").select(
            "event_id", change=pl.lit("added"), columns=pl.lit("")
        ),
        before.join(new, on="event_id", how="anti").select(
            "event_id", change=pl.lit("removed"), columns=pl.lit("")
        ),
        changed.filter(pl.col("columns") != ""),
    ]
    frame = tables.collect(pl.concat(found).sort("change", "event_id"), "the older release")
    return tables.conform(frame, "event-changes")


def dyad_changes(before: pl.LazyFrame, new: pl.LazyFrame) -> pl.DataFrame:
    """Return the rows of two dyadic series whose counts differ."""
    key, measures = ["period", "source", "target"], ["n_events", "net_cooperation"]
    joined = (
        new.select(*key, *measures)
        .join(
            before.select(*key, *(pl.col(m).alias(f"{m}_before") for m in measures)),
            on=key,
            how="full",
            coalesce=True,
        )
        .with_columns(pl.col(*measures, *(f"{m}_before" for m in measures)).fill_null(0))
        .filter(pl.any_horizontal(pl.col(m) != pl.col(f"{m}_before") for m in measures))
    )
    frame = tables.collect(joined.sort(key), "the older release")
    return tables.conform(frame, "dyad-changes")


def _totals(series: pl.LazyFrame) -> pl.DataFrame:
    return tables.collect(series.select(pl.col("n_events", *_QUADS).sum()), "the series")


def _log(
    old: "Release",
    version: str,
    rows: pl.DataFrame,
    moved: pl.DataFrame,
    totals: tuple[pl.DataFrame, pl.DataFrame],
) -> str:
    info, (before, now) = old.info(), totals
    lines = [f"# Changes from version {info['version']} to {version}", ""]
    lines += [f"Coder before: `{info.get('signed', '')}`", "", "## Events", ""]
    counts = dict(rows.group_by("change").len().iter_rows())
    lines += [f"- {name}: {counts.get(name, 0):,}" for name in ("added", "removed", "changed")]
    by_column = (
        rows.filter(pl.col("columns") != "")
        .select(pl.col("columns").str.split(" ").explode().alias("column"))
        .group_by("column")
        .len()
        .sort("len", "column", descending=[True, False])
    )
    if by_column.height:
        lines += ["", "| column | events that differ |", "|---|---:|"]
        lines += [f"| `{column}` | {n:,} |" for column, n in by_column.iter_rows()]
    lines += ["", "## Series", "", "| events in monthly dyads | before | now |", "|---|---:|---:|"]
    lines += [f"| {n} | {before[n].item():,} | {now[n].item():,} |" for n in before.columns]
    lines += ["", f"{moved.height:,} dyad-months changed."]
    if moved.height:
        step = (pl.col("n_events") - pl.col("n_events_before")).abs()
        most = moved.sort(step, descending=True, maintain_order=True).head(_SHOWN)
        lines += ["", "| month | dyad | before | now |", "|---|---|---:|---:|"]
        lines += [
            f"| {r['period']:%Y-%m} | {r['source']} → {r['target']} "
            f"| {r['n_events_before']:,} | {r['n_events']:,} |"
            for r in most.iter_rows(named=True)
        ]
    return "\n".join(lines) + "\n"
