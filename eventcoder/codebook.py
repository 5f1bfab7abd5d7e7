"""What is in a release and the codes of `schemas/` in, its data card and codebook out."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from eventcoder import countries
from eventcoder.metadata import Facts, about, declared, licence
from eventcoder.ontology import Ontology
from eventcoder.tables import Column

# The classes of size that the Hugging Face hub knows.
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"),
          (10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"))  # fmt: skip


def card(facts: Facts) -> str:
    """Return the data card, whose head tells `datasets.load_dataset` the files of every table."""
    size = next((name for limit, name in _SIZES if facts.rows("events") < limit), "n>1B")
    head = [
        "---", f"pretty_name: {json.dumps(facts.title, ensure_ascii=False)}",
        f"license: {licence(facts.licence)['card']}", f"version: {json.dumps(facts.version)}",
        *_yaml_list("language", facts.languages),
        *_yaml_list("tags", ["political-events", "event-data", "CAMEO", "dyadic", "news"]),
        *_yaml_list("size_categories", [size]), "configs:",
    ]  # fmt: skip
    for table in facts.tables():
        head += [f"- config_name: {table}"]
        head += ["  default: true"] if table == "events" else []
        files = [part.path for part in facts.parts if part.table == table]
        head += ["  data_files:", "  - split: train", "    path:", *(f"    - {f}" for f in files)]
    return "\n".join([*head, "---", "", *_card_body(facts)]) + "\n"


def _yaml_list(name: str, values: Sequence[str]) -> list[str]:
    return [f"{name}:", *(f"- {value}" for value in values)] if values else [f"{name}: []"]


def _card_body(facts: Facts) -> Iterator[str]:
    days = f"from {facts.days[0]} to {facts.days[1]}" if facts.days else "without dates"
    kept = facts.dropped.get("", 0)
    coder = facts.signature["eventcoder"]
    yield f"# {facts.title}, version {facts.version}\n"
    yield (
        "Political events (who did what to whom) read by a machine in "
        f"{facts.counts.get('coded', facts.rows('documents')):,} news documents: "
        f"{facts.rows('events'):,} events {days}, of which {kept:,} are kept and the others carry "
        "the reason why they were dropped. Coded with "
        f"eventcoder {coder}.\n"
    )
    yield "| table | files | rows | |\n|---|---|---:|---|"
    for table in facts.tables():
        parts = [part for part in facts.parts if part.table == table]
        files = parts[0].path if len(parts) == 1 else f"{len(parts)} files in `{table}/`"
        meaning = about()["tables"][table]["meaning"]
        yield f"| {table} | {files} | {facts.rows(table):,} | {meaning} |"
    events = "events.parquet" if any(p.path == "events.parquet" for p in facts.parts) else "events"
    yield (
        "\nEvery column and code is explained in [CODEBOOK.md](CODEBOOK.md). "
        + ("" if facts.with_text else "The words of the documents are not part of the release. ")
        + "Codes are text: `0331` keeps its zero.\n"
    )
    python = events if events.endswith(".parquet") else f"{events}/*.parquet"
    yield "## Reading it\n\n```python"
    yield f'import polars as pl\nevents = pl.read_parquet("{python}")'
    yield 'series = pl.read_parquet("dyads-month.parquet")'
    yield 'import datasets\nevents = datasets.load_dataset(".", "events", split="train")\n```\n'
    yield "```r\nlibrary(arrow)"
    yield f'events <- {"read_parquet" if "." in events else "open_dataset"}("{events}")'
    yield 'series <- read_parquet("dyads-month.parquet")\n```\n'
    yield "## What to mind\n"
    yield (
        "- Events are coded by a model and may be wrong: `confidence` is the calibrated "
        "probability that source, target and root code are all right.\n"
        "- More news give more events. Divide by `exposure`, or put it into the model.\n"
        "- Several reports of one event are several rows; `cluster_id` and `n_clusters`, where "
        "filled, tell the stories apart.\n"
        "- A date known to the month or year counts in no shorter period.\n"
    )
    yield f"## The coder\n\n`{facts.signed}`\n"
    terms = licence(facts.licence)
    yield f"## Licence\n\n{facts.licence}: {terms['title']}. See [LICENSE](LICENSE)."


def codebook(facts: Facts, ontology: Ontology) -> str:
    """Return the codebook in Markdown: every column, every code."""
    lines = [f"# Codebook of {facts.title}, version {facts.version}", ""]
    lines += ["A missing value is null; in columns of text that say so, empty.", ""]
    lines += ["## Tables", "", *_tables(facts)]
    lines += ["## Why events are dropped", "", *_reasons(facts)]
    lines += ["## Event codes", "", *_events(ontology)]
    lines += ["## Values", "", *_values()]
    lines += ["## Actor codes", "", *_actors(facts)]
    return "\n".join(lines) + "\n"


def _tables(facts: Facts) -> Iterator[str]:
    told: dict[str, str] = {}
    for table in facts.tables():
        part = next(part for part in facts.parts if part.table == table)
        kind = declared(table)
        yield f"### {table}\n\n{about()['tables'][table]['meaning']} One row is {kind.row}."
        if first := told.get(kind.name):
            yield f"The columns are those of {first}.\n"
            continue
        told[kind.name] = table
        key = [name for name in kind.key if any(c.name == name for c in part.columns)]
        yield f"No two rows have the same {', '.join(f'`{name}`' for name in key)}.\n"
        yield from _markdown(
            ("column", "type", "meaning", "rule"),
            ((f"`{c.name}`", _type(c), c.meaning, _rule(c)) for c in part.columns),
        )


def _type(column: Column) -> str:
    if column.type == "list":
        return f"list of {', '.join(name for name, _ in column.item)}"
    return {"string": "text", "int": "integer", "float": "number"}.get(column.type, column.type)


def _rule(column: Column) -> str:
    rules = []
    if column.required:
        rules.append("never null")
    elif column.fill == "":
        rules.append("may be empty")
    if column.unique:
        rules.append("unique")
    if column.values:
        rules.append("one of " + ", ".join(f"`{value}`" for value in column.values))
    if column.pattern:
        rules.append(f"matches `{column.pattern}`".replace("|", "\\|"))
    if column.min is not None:
        rules.append(f"at least {column.min:g}")
    if column.max is not None:
        rules.append(f"at most {column.max:g}")
    return "; ".join(rules)


def _reasons(facts: Facts) -> Iterator[str]:
    rows = ((reason or "(kept)", f"{n:,}") for reason, n in facts.dropped.items())
    yield from _markdown(("`dropped`", "events"), rows)


def _events(ontology: Ontology) -> Iterator[str]:
    yield f"{ontology.about.get('title', ontology.name)}, version {ontology.version}. Sources:\n"
    yield from (f"- {source}" for source in ontology.about.get("sources", ()))
    yield "\nA mark * means that both sides do the same, so that their order says nothing.\n"
    head = ("code", "name", "quad", "penta", "Goldstein", "PLOVER", "meaning")
    yield from _markdown(
        head,
        (
            (
                f"`{code.event_code}`{'*' if code.symmetric else ''}",
                code.name,
                str(code.quad_class),
                str(code.penta_class),
                f"{code.goldstein:g}",
                " ".join(filter(None, (code.plover_type, code.plover_mode))),
                code.definition_en,
            )
            for code in ontology.codes.values()
        ),
    )


def _values() -> Iterator[str]:
    for column in ("quad_class", "penta_class", "modality"):
        yield from _listed(f"`{column}`", about()[column])


def _actors(facts: Facts) -> Iterator[str]:
    """List countries with their numbers on the last day of the data, prefixes, roles, regions."""
    day = dt.date.fromisoformat(facts.days[1]) if facts.days else dt.date.max
    yield (
        "A code is a country (ISO 3166-1 alpha-3) or an international prefix, followed by roles: "
        "TJKGOV is the government of Tajikistan, IGOUNO the United Nations.\n"
    )
    for title, name in (
        ("prefix of no one country", "prefixes"), ("role", "roles"), ("region", "regions")
    ):  # fmt: skip
        yield from _listed(title, about()[name])
    when = f"of {day.isoformat()}" if facts.days else "of today's states"
    yield f"Numbers of Correlates of War and of Gleditsch and Ward are those {when}.\n"
    keys, names = countries.keys(day), country_names()
    yield from _markdown(
        ("country", "name", "COW", "GW"),
        (
            (f"`{code}`", names.get(code, ""), _number(key.cow), _number(key.gw))
            for code, key in sorted(keys.items())
        ),
    )


def country_names() -> dict[str, str]:
    """Return the English names of countries by code, from the dictionary's country table."""
    from eventcoder.actor_tables import read_table
    from eventcoder.resources import schema

    rows = read_table(schema("actors", "countries.csv"))
    return {row.code: row.name for row in reversed(rows) if row.kind == "country"}


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _listed(title: str, values: Mapping[str, str]) -> Iterator[str]:
    yield from _markdown((title, "meaning"), ((f"`{k}`", v) for k, v in values.items()))


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
