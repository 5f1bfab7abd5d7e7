"""The command line: options in, one library call, data to files or stdout, talk to stderr."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eventcoder import __version__, console
from eventcoder.errors import EventcoderError

if TYPE_CHECKING:
    from eventcoder.coder import Options

app = typer.Typer(
    name="eventcoder",
    help="Code who did what to whom in Arabic, Persian and English news; aggregate dyadic series.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ModelOption = Annotated[str, typer.Option("--model", "-m", help="A shipped model, or a folder.")]
OntologyOption = Annotated[str, typer.Option("--ontology", help="A shipped ontology, or a csv.")]
ActorsOption = Annotated[
    list[Path] | None,
    typer.Option("--actors", help="Your own actors (csv); its rows win. May be repeated."),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        "--threshold", min=0.0, max=1.0, help="Least confidence kept; default: the model's."
    ),
]
ThreadsOption = Annotated[int, typer.Option("--threads", min=0, help="Cores to use; 0 is all.")]
AddressOption = Annotated[
    str | None, typer.Option(help="A Ray cluster to join (auto: the one this machine is in).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn errors that a user can act on into one line and exit code 1."""
    try:
        yield
    except EventcoderError as error:
        typer.secho(f"eventcoder: {error}", fg="red", err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:  # whoever read standard output (`| head`) has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except PermissionError as error:
        typer.secho(f"eventcoder: no permission: {error.filename}", fg="red", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.secho(
            f"eventcoder: {error.strerror or error}: {error.filename or ''}", fg="red", err=True
        )
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.secho("eventcoder: stopped", fg="red", err=True)
        raise typer.Exit(130) from None


def _options(model: str, ontology: str | None, actors: list[Path] | None, threshold: float | None,
             threads: int = 0, **columns: str) -> Options:  # fmt: skip
    from eventcoder.coder import Options
    from eventcoder.formats import Columns

    return Options(
        model, ontology, tuple(str(path) for path in actors) if actors else None, threshold,
        threads, Columns(**columns),
    )  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"eventcoder {__version__}")
        raise typer.Exit()


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Code who did what to whom in Arabic, Persian and English news; aggregate dyadic series."""


def _column(what: str) -> Any:
    """Declare the option that names the corpus's column of something."""
    return typer.Option(help=f"The corpus's name of {what}.")


class Engine(StrEnum):
    """What codes."""

    local = "local"
    ray = "ray"


@app.command()
def code(
    corpus: Annotated[list[str], typer.Argument(help="Files, folders, globs, or - for stdin.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The run folder to make.")],
    model: ModelOption = "default",
    ontology: OntologyOption = "cameo",
    actors: ActorsOption = None,
    threshold: ThresholdOption = None,
    threads: ThreadsOption = 0,
    engine: Annotated[
        Engine, typer.Option(help="local, or ray: on a cluster, or all cores of this machine.")
    ] = Engine.local,
    address: AddressOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run.")] = False,
    text_column: Annotated[str, _column("the text")] = "text",
    title_column: Annotated[str, _column("the headline")] = "title",
    published_column: Annotated[str, _column("the day of publication")] = "published",
    language_column: Annotated[str, _column("the language")] = "language",
    publisher_column: Annotated[str, _column("the outlet")] = "publisher",
    url_column: Annotated[str, _column("the web address")] = "url",
    doc_id_column: Annotated[str, _column("the identifier")] = "doc_id",
) -> None:
    """Code corpus files into a run folder with every table."""
    with _plain_errors():
        from eventcoder import pipeline

        if resume and overwrite:
            raise EventcoderError("--resume and --overwrite exclude each other")
        if address and engine is Engine.local:
            raise EventcoderError("--address is of a Ray cluster: add --engine ray")
        options = _options(
            model, ontology, actors, threshold, threads, text=text_column, title=title_column,
            published=published_column, language=language_column, publisher=publisher_column,
            url=url_column, doc_id=doc_id_column,
        )  # fmt: skip
        options = replace(options, engine=engine.value, address=address)
        existing: Any = "resume" if resume else "overwrite" if overwrite else "refuse"
        with console.progress() as talk:
            run = pipeline.code(corpus, out, options, existing, talk)
        info = run.info()
        console.account(info, run.path / "unresolved.csv")
        typer.secho(f"events: {run.path / 'events.parquet'}", err=True)
        if info["counts"]["failed"] or info["counts"]["truncated"]:
            raise typer.Exit(1)


@app.command()
def recode(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    ontology: Annotated[
        str | None, typer.Option(help="A shipped ontology, or a csv; default: the run's own.")
    ] = None,
    actors: Annotated[
        list[Path] | None,
        typer.Option(help="Your own actors (csv), instead of the run's. May be repeated."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Least confidence kept; default: the run's own."),
    ] = None,
) -> None:
    """Code a run's mentions again, with other actors, ontology or threshold, in seconds."""
    with _plain_errors():
        from eventcoder import pipeline

        recoded = pipeline.recode(run, _options("default", ontology, actors, threshold))
        console.account(recoded.info(), recoded.path / "unresolved.csv")


class By(StrEnum):
    """Periods of a series."""

    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"
    year = "year"


@app.command()
def aggregate(
    source: Annotated[Path, typer.Argument(help="A run folder or an events file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help=".parquet, .csv or .jsonl")],
    by: By = By.month,
    week_start: Annotated[str, typer.Option(help="monday or sunday")] = "monday",
    level: Annotated[
        list[str] | None,
        typer.Option(
            help="country (default), actor or country-sector; repeated: all, one below the other, "
            "told apart by a column level"
        ),
    ] = None,
    undirected: Annotated[bool, typer.Option(help="Both directions added up.")] = False,
    self_dyads: Annotated[
        bool, typer.Option("--self-dyads/--no-self-dyads", help="Events within one unit.")
    ] = True,
    code_level: Annotated[
        str, typer.Option(help="quad, penta, root, base or event: a row a code")
    ] = "",
    duplicates: Annotated[str, typer.Option(help="keep, one-a-day or cluster")] = "keep",
    weights: Annotated[str, typer.Option(help="count or confidence")] = "count",
    from_: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    to: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD.")] = None,
    complete: Annotated[
        bool,
        typer.Option(help="Every dyad of the data in every period that both states existed in."),
    ] = False,
    states: Annotated[
        str,
        typer.Option(
            help="cow or gw: with --complete, every pair of states that were members of that "
            "system in the period, and no other dyad"
        ),
    ] = "",
    keys: Annotated[str, typer.Option(help="iso, cow or gw: numbers of states beside ISO")] = "iso",
    mirror: Annotated[bool, typer.Option(help="Symmetric events in both directions.")] = False,
    normalise: Annotated[
        str, typer.Option(help="documents, sentences or events: counts per 1,000 of the period's")
    ] = "",
    quad: Annotated[
        str, typer.Option(help="Another mapping of the ontology, such as phoenix.")
    ] = "",
    goldstein: Annotated[
        str, typer.Option(help="Another mapping of the ontology, such as icews.")
    ] = "",
    ontology: OntologyOption = "cameo",
    correct: Annotated[
        bool, typer.Option(help="Counts of true events with 90 % intervals beside the coded ones.")
    ] = False,
    model: Annotated[
        str, typer.Option("--model", "-m", help="Whose confusion matrix corrects.")
    ] = "default",
) -> None:
    """Aggregate events into a dyadic time series; an exposure table is written beside it."""
    with _plain_errors():
        from eventcoder import dyads, imports, pipeline, writing

        levels: list[Any] = list(dict.fromkeys(level or ["country"]))
        chosen: dict[str, Any] = {
            "by": by.value, "week_start": week_start, "level": levels[0], "undirected": undirected,
            "code_level": code_level, "duplicates": duplicates, "weights": weights,
            "from_": _day(from_), "to": _day(to), "complete": complete, "keys": keys,
            "mirror_symmetric": mirror, "normalise": normalise, "correct": model if correct else "",
            "self_dyads": self_dyads, "states": states, "quad": quad, "goldstein": goldstein,
            "ontology": ontology,
        }  # fmt: skip
        options = dyads.Options(**chosen)
        several = levels if len(levels) > 1 else []
        series, account = pipeline.aggregate(source, options, several)
        writing.write(series, out)
        beside = out.with_name(f"{out.stem}-exposure{out.suffix}")
        exposure = pipeline.exposure(source, options)
        if exposure is not None:
            writing.write(exposure, beside)
        console.account_series(account, levels[0] if several else "")
        for name in several[1:]:
            other = replace(options, level=name)
            console.account_series(dyads.account(imports.events_of(source), other), name)
        typer.secho(
            f"series: {out}" + (f"; exposure: {beside}" if exposure is not None else ""), err=True
        )


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="A sentence or a text, or - for standard input.")],
    published: Annotated[str | None, typer.Option(help="Its day, YYYY-MM-DD.")] = None,
    model: ModelOption = "default",
    ontology: OntologyOption = "cameo",
    actors: ActorsOption = None,
    threshold: ThresholdOption = None,
) -> None:
    """Explain one text: actors, dictionary rows, codes, probabilities, why kept or dropped."""
    with _plain_errors():
        from eventcoder import explanation, pipeline
        from eventcoder.decoding import Undecodable, decode

        try:
            words = decode(sys.stdin.buffer.read()) if text == "-" else text
        except Undecodable as error:
            raise EventcoderError(f"standard input: {error}") from None
        if not words.strip():
            raise EventcoderError("there is no text to explain")
        told = pipeline.explain(words, _options(model, ontology, actors, threshold), published)
        explanation.show(told)


def _day(value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        raise EventcoderError(f"{value!r} is no day: write it YYYY-MM-DD") from None


class Gold(StrEnum):
    """What gold is about."""

    relations = "relations"
    events = "events"
    actors = "actors"
    mentions = "mentions"
    behaviour = "behaviour"
    consistency = "consistency"


@app.command()
def evaluate(
    what: Gold,
    gold: Annotated[
        Path | None,
        typer.Argument(
            help="A gold file, JSON lines; of consistency a .tsv with a column a language; of "
            "behaviour our own, if none is given."
        ),
    ] = None,
    model: ModelOption = "default",
    ontology: OntologyOption = "cameo",
    actors: ActorsOption = None,
    threshold: ThresholdOption = None,
    by: Annotated[str, typer.Option(help="A field of the gold to group by.")] = "lang",
    as_json: JsonOption = False,
) -> None:
    """Score the coder against gold, its behaviour, or its agreement across languages."""
    with _plain_errors():
        from eventcoder import explanation, pipeline

        scores = pipeline.evaluate(
            what.value, gold, _options(model, ontology, actors, threshold), by
        )
        if as_json:
            typer.echo(json.dumps(scores, ensure_ascii=False))
        else:
            explanation.show_scores(what.value, scores)


@app.command()
def train(
    data: Annotated[list[Path], typer.Argument(help="Gold files, or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model folder to make.")],
    recipe: Annotated[
        Path | None, typer.Option(help="A toml file; default: the shipped recipe.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="A Hugging Face encoder folder, or a model to go on from.")
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(min=0.01, help="Passes over the data, instead of the recipe's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all that is drawn by chance.")] = None,
) -> None:
    """Fine-tune a model on gold files; a stopped training goes on where it was."""
    with _plain_errors():
        try:
            from eventcoder.model.fitting import fit
        except ModuleNotFoundError as error:
            raise EventcoderError(
                f"training needs {error.name}: pip install 'eventcoder[train]'"
            ) from None
        fit(data, out, recipe, lambda line: typer.echo(line, err=True),
                    base=base, epochs=epochs, seed=seed)  # fmt: skip
        typer.secho(f"model: {out}", err=True)


@app.command()
def release(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The release folder to make.")],
    version: Annotated[str, typer.Option("--version", help="The data set's version, e.g. 1.0.0.")],
    with_text: Annotated[
        bool, typer.Option("--with-text/--without-text", help="Ship sentences too.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="An older release, for a change log.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Its SPDX name.")] = "CC-BY-4.0",
    title: Annotated[str, typer.Option(help="The data set's name; default: the folder's.")] = "",
    author: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    released: Annotated[
        str | None, typer.Option(help="The day that citations give, YYYY-MM-DD.")
    ] = None,
) -> None:
    """Make a versioned data set of a run: Parquet, codebook, metadata, checksums."""
    with _plain_errors():
        from eventcoder import release as releases

        made = releases.make(
            run, out, version, with_text=with_text, against=against, licence=licence, title=title,
            authors=author or (), released=_day(released),
        )  # fmt: skip
        typer.secho(f"release: {made}", err=True)


@app.command()
def report(
    source: Annotated[Path, typer.Argument(help="A run folder, a release or an events file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML page to write.")],
    seed: Annotated[int, typer.Option(help="Which twenty sentences are shown.")] = 0,
) -> None:
    """Write one self-contained HTML page of what is in a run or release, in pictures."""
    with _plain_errors():
        from eventcoder import report as reports

        reports.write(source, out, seed)
        typer.secho(f"report: {out}", err=True)


@app.command()
def export(
    source: Annotated[Path, typer.Argument(help="A run folder, a release or an events file.")],
    to: Annotated[str, typer.Option("--to", help="gdelt, icews, polecat, phoenix, r-events, ...")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
) -> None:
    """Export events in the layout of another data set, for scripts that read that."""
    with _plain_errors():
        from eventcoder import exports, imports

        typer.echo(str(exports.export(imports.events_of(source), to, out)), err=True)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="A run, release, or published events file.")],
    second: Annotated[Path, typer.Argument(help="Another.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Correlations: .csv or .parquet.")],
    picture: Annotated[Path | None, typer.Option(help="A picture: .svg or .png.")] = None,
    by: By = By.month,
) -> None:
    """Correlate two data sets' series by dyad and quad class."""
    with _plain_errors():
        from eventcoder import comparison, dyads

        comparison.refuse_unwritable(out, picture)
        found = comparison.compare(first, second, dyads.Options(by=by.value))
        found.write(out)
        if picture:
            found.picture(picture)
        for name, account in zip(found.names, found.accounts, strict=True):
            console.account_series(account, name)
        typer.secho(f"comparison: {out}", err=True)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A dictionary, ontology, gold file, table or run.")],
    as_: Annotated[
        str,
        typer.Option(
            "--as", help="actors, ontology, gold or a table's name; runs and releases need none."
        ),
    ] = "",
) -> None:
    """Check a user's own file; name row and column at fault."""
    with _plain_errors():
        from eventcoder import checks

        faults = checks.check(file, as_)
        for fault in faults:
            typer.echo(fault)
        if faults:
            typer.secho(f"eventcoder: {len(faults)} faults in {file}", fg="red", err=True)
            raise typer.Exit(1)
        typer.secho(f"{file}: good", err=True)


@app.command(name="list")
def list_(
    what: Annotated[
        str, typer.Argument(help="models, ontologies, actors, languages, tables, codes")
    ],
    as_json: JsonOption = False,
) -> None:
    """List what is shipped."""
    with _plain_errors():
        from eventcoder import checks

        rows = checks.inventory(what)
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
        else:
            for row in rows:
                typer.echo("\t".join(str(value) for value in row.values()))


if __name__ == "__main__":
    app()
