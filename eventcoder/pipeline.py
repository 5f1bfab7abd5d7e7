"""The whole flow on one page: code, recode, aggregate, explain."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import polars as pl

from eventcoder import (
    behaviour,
    consistency,
    corpus,
    duplicates,
    dyads,
    evaluation,
    events,
    imports,
    resolution,
    resources,
    runs,
    shards,
    spotting,
    tables,
)
from eventcoder.actors import ActorDictionary
from eventcoder.coder import IN_PART, Coder, Options, Part, Shard, ahead
from eventcoder.decoding import Meter
from eventcoder.duals import JOIN
from eventcoder.errors import EventcoderError
from eventcoder.extraction import Prepared, point
from eventcoder.model.encoder import EncoderModel
from eventcoder.ontology import Ontology
from eventcoder.records import Actor, Document, Sentence
from eventcoder.sketches import Keys

UNRESOLVED = 100  # phrases that a run names for its user to code
Talk = Callable[[dict[str, int]], None]


def code(
    paths: Sequence[str | Path],
    out: str | Path,
    options: Options | None = None,
    existing: Literal["refuse", "resume", "overwrite"] = "refuse",
    talk: Talk | None = None,
) -> runs.Run:
    """Code corpus files into a run folder; return the run.

    Work goes shard by shard, so memory does not grow with the corpus and a stopped run can be
    resumed. `talk` gets the running counts after each shard: parts, documents read, sentences, and
    of files the bytes read so far and bytes_in_all.
    """
    options = options or Options()
    meter, ends, passed = Meter(), deque[int](), deque[tuple[str, str]]()
    found = corpus.read(
        paths, options.columns, meter=meter, pass_over=lambda *told: passed.append(told)
    )
    # In a thread, for Ctrl-C does not end a read of standard input in this one.
    cut = ahead(shards.cut(found, lambda: ends.append(meter.read)))
    in_all = corpus.size(paths) if talk else None
    coder = Coder.load(options)
    signature = coder.signature(options, paths)
    began = time.monotonic()
    # Read before the run is made, or an old one cleared: a corpus may have nothing to code.
    cut = chain([next(cut)], cut)
    with runs.Run.create(out, signature, existing) as run, run.stops_told():
        finished = run.info()["state"] == "finished"
        counts = shards.check_finished(run, cut, finished)
        if finished and not signature.coding_differs(run.signature()):
            return run
        run.go_on(signature)  # now that nothing is refused any more
        files = _log_passed(run, passed)
        for _ in range(counts["parts"]):
            ends.popleft()
        run.log("coding", signature=str(signature), engine=options.engine, parts=counts["parts"])
        for shard, part in _engine(options, coder, cut):
            number = counts["parts"]
            run.write_part(number, part.documents, part.mentions, part.sketches, part.events)
            told = Counter(
                parts=1, read=len(shard), sentences=int(part.documents["n_sentences"].sum())
            )
            counts.update(told)
            run.log("part", number=number, **told, failed=_failed(part))
            files += _log_passed(run, passed)
            end = ends.popleft()
            if talk:
                talk(dict(counts) | ({"bytes": end, "bytes_in_all": in_all} if in_all else {}))
        files += _log_passed(run, passed)
        _code_mentions(run, coder.dictionary, coder.ontology, coder.threshold)
        _write_tables(run)
        account = _account(run) | {"skipped_files": files}
        run.finish(signature, account, time.monotonic() - began)
        run.log("finished", **account)
    return run


def _engine(options: Options, coder: Coder, cut: Iterator[Shard]) -> Iterator[tuple[Shard, Part]]:
    if options.engine == "ray":
        try:
            from eventcoder import cluster
        except ModuleNotFoundError as error:
            raise EventcoderError(
                f"engine ray needs {error.name}: pip install 'eventcoder[cluster]'"
            ) from None
        return cluster.parts(options, coder, cut)
    return coder.parts(cut)


def _log_passed(run: runs.Run, files: deque[tuple[str, str]]) -> int:
    """Name the files and folders of the corpus that were passed over; return how many."""
    count = 0
    while files:
        path, reason = files.popleft()
        run.log("skipped file", path=path, reason=reason)
        count += 1
    return count


def _failed(part: Part) -> list[dict[str, str]]:
    failed = part.documents.filter(pl.col("status") == "failed")
    return failed.select("doc_id", "path", "reason").to_dicts()


def _account(run: runs.Run) -> dict[str, int]:
    """Count documents, mentions and events of a run by what became of them."""
    with pl.Config(engine_affinity="streaming"):
        told = run.documents().select(
            read=pl.len(),
            **{name: (pl.col("status") == name).sum() for name in ("coded", "skipped", "failed")},
            sentences=pl.col("n_sentences").sum(),
            truncated=pl.col("reason").str.starts_with(IN_PART).sum(),
        )
        (counts,) = tables.collect(told, "documents").to_dicts()
        reasons = events.count_reasons(run.events())
        counts["mentions"] = run.mentions().select(pl.len()).collect().item()
    counts["events"] = sum(reasons.values())
    counts["kept"] = 0
    return counts | {"kept" if r == "kept" else f"dropped: {r}": n for r, n in reasons.items()}


def _code_mentions(
    run: runs.Run, dictionary: ActorDictionary, ontology: Ontology, threshold: float
) -> None:
    """Code the mentions that are not yet coded."""
    uncoded = set(run.uncoded_parts())
    for number, documents in run.part_documents() if uncoded else ():
        if number in uncoded:
            mentions = run.part_mentions(number)
            run.write_coded(
                number, events.code_events(mentions, documents, dictionary, ontology, threshold)
            )


def _write_tables(run: runs.Run) -> None:
    """Find the stories, write events and documents, part by part."""
    stories = duplicates.cluster(
        ((run.part_sketches(n), run.part_coded(n)) for n in sorted(run.parts())), run.path
    )
    run.write_from("events", lambda: (coded for _, coded in _told(run, stories)))
    run.write_from("documents", lambda: (documents for documents, _ in _told(run, stories)))
    with pl.Config(engine_affinity="streaming"):
        run.write_unresolved(events.unresolved(run.events(), UNRESOLVED))


def _told(run: runs.Run, stories: Sequence[Keys]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield documents and events of each part, with their stories and what was kept of them."""
    for (number, documents), story in zip(run.part_documents(), stories, strict=True):
        coded = run.part_coded(number)
        kept = coded.filter(pl.col("dropped").is_null()).group_by("doc_id").agg(n=pl.len())
        told = documents.with_columns(duplicates.cluster_ids(story))
        counted = told.join(kept, on="doc_id", how="left", maintain_order="left")
        yield (
            counted.with_columns(n_events=pl.col("n").fill_null(0).cast(pl.Int64)).drop("n"),
            coded.drop("cluster_id")
            .join(told.select("doc_id", "cluster_id"), on="doc_id", how="left",
                  maintain_order="left")
            .select(coded.columns),
        )  # fmt: skip


def recode(path: str | Path, options: Options | None = None) -> runs.Run:
    """Code a run's mentions again, with other actors, ontology or threshold; no model needed.

    What the options leave open stays as it was.
    """
    run = runs.Run.open(path)
    old, info = run.signature(), run.info()
    if (unfinished := run.unfinished()) and info["state"] != "recoding":
        raise EventcoderError(unfinished)
    options, threshold = _as_before(run, options or Options())
    dictionary = ActorDictionary.load([Path(p) for p in options.actors or ()])
    ontology = Ontology.load(options.ontology or "cameo")
    signature = replace(
        old, actors_digest=dictionary.digest,
        ontology=f"{ontology.name} {ontology.version}", ontology_digest=ontology.digest,
        arguments={**old.arguments, **options.knowledge(), "threshold": threshold},
    )  # fmt: skip
    began = time.monotonic()
    with run.held(), run.stops_told():
        run.refuse_damaged()
        run.begin_recoding(signature)
        _code_mentions(run, dictionary, ontology, threshold)
        _write_tables(run)
        files = {name: n for name, n in info["counts"].items() if name == "skipped_files"}
        account = _account(run) | files
        run.finish(signature, account, info["seconds"] + time.monotonic() - began)
        run.log("recoded", signature=str(signature), **account)
    return run


def _as_before(run: runs.Run, options: Options) -> tuple[Options, float]:
    """Fill what options leave open with what coded a run; return its threshold, too."""
    asked = run.signature().arguments
    actors = tuple(asked.get("actors", ())) if options.actors is None else options.actors
    ontology = options.ontology or asked.get("ontology", "cameo")
    threshold: Any = asked.get("threshold") if options.threshold is None else options.threshold
    try:
        return replace(options, actors=actors, ontology=ontology), float(threshold)
    except (TypeError, ValueError):
        raise EventcoderError(f"{run.path} tells no threshold: give one with --threshold") from None


def aggregate(
    source: str | Path, options: dyads.Options | None = None, levels: Sequence[dyads.Level] = ()
) -> tuple[pl.LazyFrame, dyads.Account]:
    """Return the dyadic series of a run, a release or an events file, and what was left out.

    Published GDELT, ICEWS, POLECAT and Phoenix files are read too.
    With `levels`, one series below the other in a column `level`; the account is still that of
    the options' level.
    """
    frame = imports.events_of(source)
    options = options or dyads.Options()
    if options.correct:
        imports.check_correctable(source, options.correct)
    series = dyads.aggregate(frame, options, levels=levels, documents=_documents(source))
    return series, dyads.account(frame, options)


def exposure(source: str | Path, options: dyads.Options | None = None) -> pl.LazyFrame | None:
    """Return documents, sentences and events a period, language and publisher; None of a file."""
    documents = _documents(source)
    if documents is None:
        return None
    return dyads.exposure(documents, imports.events_of(source), options)


def _documents(source: str | Path) -> pl.LazyFrame | None:
    """Return the documents of a run or a release; None of others, which do not know them."""
    file = Path(source) / "documents.parquet"
    return tables.scan(file, "documents") if file.exists() else None


def evaluate(
    what: str,
    path: str | Path | None = None,
    options: Options | None = None,
    by: str | None = "lang",
) -> dict[str, Any]:
    """Score the coder: `what` is relations, events, actors, mentions, behaviour or consistency.

    Without a path, behaviour is that in our own sentences.
    """
    options = options or Options()
    if path is None:
        path = _own_gold(what)
    if what == "actors":
        dictionary = ActorDictionary.load([Path(p) for p in options.actors or ()])
        return resolution.actors(path, dictionary, by)
    if what in ("relations", "mentions"):
        model = EncoderModel(resources.model(options.model), options.threads)
        if what == "mentions":
            return spotting.mentions(path, model, by)
        return evaluation.relations(path, model, Ontology.load(options.ontology or "cameo"), by)
    coder = Coder.load(options)
    if what == "behaviour":
        return behaviour.behaviour(path, coder)
    if what == "consistency":
        return consistency.consistency(path, coder)
    return evaluation.events(path, coder, by)


def _own_gold(what: str) -> Path:
    """Return our own gold where there is some; it comes with a checkout, not with a wheel."""
    if what != "behaviour":
        raise EventcoderError(f"evaluate {what} needs a gold file")
    try:
        path = resources.model("training") / "behaviour.jsonl"
    except EventcoderError:
        raise EventcoderError("evaluate behaviour needs a gold file here") from None
    return path


@dataclass(frozen=True, slots=True)
class Named:
    """A mention, whom the dictionary takes it for, and what it points back to in the document."""

    text: str
    actor: Actor | None
    antecedent: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that went into one text's events."""

    prepared: Prepared
    sentences: tuple[tuple[Sentence, tuple[Named, ...]], ...]
    events: pl.DataFrame


def explain(text: str, options: Options | None = None, published: str | None = None) -> Explanation:
    """Code one text and keep the reasons: what was removed, which rows decided, why dropped."""
    from eventcoder.dates import parse_given

    if fault := corpus.fault(text):
        raise EventcoderError(f"this can't be explained: {fault}")
    coder = Coder.load(options or Options())
    dated = parse_given(published) if published else None
    document = Document("text", text, published=dated.date if dated else None,
                        published_basis="given" if dated and dated.date else "none")  # fmt: skip
    extracted = coder.read([document])
    prepared, home = extracted[0].prepared, extracted[0].home
    sentences, on = prepared.sentences, prepared.document.published
    readings = coder.model.read([sentence.text for sentence in sentences])
    pointers, both = point(sentences, readings, coder.dictionary)
    told = []
    for sentence, reading, fuller, two in zip(
        sentences, readings, pointers.fuller, both, strict=True
    ):
        named = []
        for mention, one, pair in zip(reading.mentions, fuller, two, strict=True):
            actor = coder.dictionary.resolve(
                mention.text, sentence.language, on,
                antecedent=one, context=sentence.text, home=home,
            )  # fmt: skip
            named.append(Named(mention.text, actor, JOIN.join(pair) if pair else one))
        told.append((sentence, tuple(named)))
    return Explanation(prepared, tuple(told), coder.code(extracted))
