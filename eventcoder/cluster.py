"""Shards of documents in, their rows out in order, coded by Ray actors on one machine or many."""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from eventcoder.coder import ASIDE, MINUTES, Coder, Options, Part, Shard, careful
from eventcoder.errors import EventcoderError, one_line
from eventcoder.records import Document, Unreadable

TRIES = 2  # workers that a shard, and then a document by itself, may cost
MOST_DEATHS = 6  # of one shard, though none of its documents is to blame: too little memory
LEAST = 30  # halves of a shard get less time than the whole, to such a part of it
AHEAD = 3  # shards a worker that are read, coded or wait for an earlier one
PATIENCE = 600.0  # seconds without any worker after which we give up
SET_ASIDE = f"{ASIDE}{TRIES} workers that read it died"
# A worker has one core: its libraries must not start a thread for every core of the machine.
_ONE_CORE = {"POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
_MADE_BY = ("eventcoder", "model_digest", "ontology_digest", "actors_digest")


def parts(options: Options, coder: Coder, shards: Iterator[Shard]) -> Iterator[tuple[Shard, Part]]:
    """Code shards on a cluster; yield them in order, as `Coder.parts` does.

    A worker a core (or `options.threads` of them) codes a shard at a time with a model of its
    own. The driver, whose coder only says what the workers' must be like, holds few shards at
    once. A shard whose worker or node dies, or takes longer than `options.minutes`, goes to
    another; a document that kills every worker comes back Unreadable.
    """
    load = partial(Coder.load, replace(options, threads=1))
    signature = coder.signature(options, ())
    with _connected(options.address):
        count = options.threads or max(1, int(ray.cluster_resources().get("CPU", 1)))
        made_by = tuple(getattr(signature, name) for name in _MADE_BY)
        pool = Pool(load, count, made_by, 60 * options.minutes)
        try:
            yield from pool.parts(shards)
        finally:
            pool.close()


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Join the cluster at an address, or start one here; a connection that is there is kept."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    own: dict[str, Any] = {"address": address} if address else {"include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **own)
    except Exception as error:  # Ray raises bare ones, too
        where = f"at {address}" if address else "here"
        raise EventcoderError(f"no Ray cluster {where}: {one_line(str(error))}") from None
    try:
        yield
    finally:
        ray.shutdown()


class Worker:
    """A Ray actor: a coder of its own."""

    def start(self, load: Callable[[], Coder]) -> tuple[str, ...]:
        """Load the coder; return what it is made of."""
        self.coder = load()
        signature = self.coder.signature(Options(), ())
        return tuple(getattr(signature, name) for name in _MADE_BY)

    def part(self, shard: Shard) -> Part:
        """Code a shard; a document that raises is set aside."""
        return careful(shard, self.coder.part)


@dataclass(slots=True)
class _Job:
    """A shard under way, how many workers it has cost, and when it costs another."""

    number: int
    shard: Shard
    deaths: int = 0
    until: float = 0.0


class Pool:
    """Workers, what they do, and what has become of it."""

    def __init__(
        self,
        load: Callable[[], Coder],
        count: int,
        made_by: tuple[str, ...],
        seconds: float = 60 * MINUTES,
    ) -> None:
        self._load, self._made_by, self.count, self._seconds = load, made_by, count, seconds
        self._actor = ray.remote(Worker).options(
            num_cpus=1, scheduling_strategy="SPREAD", runtime_env={"env_vars": _ONE_CORE}
        )
        self._starting: dict[Any, Any] = {}
        self._busy: dict[Any, tuple[Any, _Job]] = {}
        self._idle: list[Any] = []
        self._again: deque[_Job] = deque()
        self._done: dict[int, tuple[Shard, Part]] = {}
        self._failed_starts = 0
        for _ in range(count):
            self._start()

    def parts(self, shards: Iterator[Shard]) -> Iterator[tuple[Shard, Part]]:
        """Code shards, yield them in order."""
        taken = given = 0  # shards read, shards yielded
        more = True
        while True:
            while self._idle and (self._again or (more and taken - given < AHEAD * self.count)):
                if self._again:
                    self._give(self._again.popleft())
                elif shard := next(shards, None):
                    self._give(_Job(taken, shard))
                    taken += 1
                else:
                    more = False
            if not more and given == taken:
                return
            if given not in self._done:
                self._wait()
            while given in self._done:
                yield self._done.pop(given)
                given += 1

    def close(self) -> None:
        """End all workers."""
        for worker in [*self._idle, *self._starting.values(), *(w for w, _ in self._busy.values())]:
            ray.kill(worker)

    def _start(self) -> None:
        worker = self._actor.remote()
        self._starting[worker.start.remote(self._load)] = worker

    def _give(self, job: _Job) -> None:
        worker = self._idle.pop()
        job.until = time.monotonic() + self._seconds
        self._busy[worker.part.remote(job.shard)] = (worker, job)

    def _wait(self) -> None:
        """Wait until something has happened to a worker, and see to it."""
        soonest = min((job.until for _, job in self._busy.values()), default=float("inf"))
        patience = min(PATIENCE, max(0.0, soonest - time.monotonic()))
        ready, _ = ray.wait([*self._busy, *self._starting], timeout=patience)
        if not ready and not self._busy:
            raise EventcoderError(
                f"no Ray worker could start in {PATIENCE:.0f} seconds: is there a free core?"
            )
        for reference in ready:
            if reference in self._starting:
                self._started(reference, self._starting.pop(reference))
            else:
                worker, job = self._busy.pop(reference)
                if (part := self._answer(worker, reference)) is None:
                    self._died(job)
                else:
                    self._done[job.number] = (job.shard, part)
                    self._idle.append(worker)
        for reference, (worker, job) in list(self._busy.items()):
            late = reference in self._busy and time.monotonic() > job.until
            # We may have been busy ourselves when it was done.
            if late and not ray.wait([reference], timeout=0)[0]:
                del self._busy[reference]
                self._replace(worker)
                self._died(job)

    def _started(self, reference: Any, worker: Any) -> None:
        made_by = self._answer(worker, reference)
        if made_by is None:
            self._failed_starts += 1
            if self._failed_starts > MOST_DEATHS * self.count:
                raise EventcoderError("Ray workers die as they start: is there memory for a model?")
            return
        if made_by != self._made_by:
            raise EventcoderError(
                "a Ray worker has another model, ontology, actors or version of eventcoder than "
                "this machine: they must be the same everywhere"
            )
        self._failed_starts = 0
        self._idle.append(worker)

    def _answer(self, worker: Any, reference: Any, seconds: float | None = None) -> Any:
        """Return what a worker answers; start another and return None if it died or hangs."""
        try:
            return ray.get(reference, timeout=seconds)
        except RayTaskError as error:
            if isinstance(error.cause, EventcoderError):
                raise EventcoderError(str(error.cause)) from None
            raise
        except RayError:  # worker, node or the answer's place in memory is gone
            self._replace(worker)
            return None

    def _replace(self, worker: Any) -> None:
        with suppress(RayError):
            ray.kill(worker)
        self._start()

    def _died(self, job: _Job) -> None:
        job.deaths += 1
        if job.deaths > MOST_DEATHS:
            raise EventcoderError(
                f"{job.deaths} Ray workers died of the documents from {job.shard[0].path} on, "
                "but of no single one: is there too little memory?"
            )
        if job.deaths >= TRIES:
            documents = [item for item in job.shard if isinstance(item, Document)]
            guilty = self._guilty(documents, self._seconds)
            job.shard = [
                Unreadable(item.doc_id, item.path, SET_ASIDE) if item.doc_id in guilty else item
                for item in job.shard
            ]
        self._again.append(job)

    def _guilty(self, documents: Sequence[Document], seconds: float) -> set[str]:
        """Find the documents that kill whoever reads them, by halves."""
        if not documents or not self._dies(documents, seconds):
            return set()
        if len(documents) == 1:
            again = all(self._dies(documents, seconds) for _ in range(TRIES - 1))
            return {documents[0].doc_id} if again else set()
        half, less = len(documents) // 2, max(seconds / 2, self._seconds / LEAST)
        return self._guilty(documents[:half], less) | self._guilty(documents[half:], less)

    def _dies(self, documents: Sequence[Document], seconds: float) -> bool:
        while not self._idle:
            self._wait()
        worker = self._idle.pop()
        if self._answer(worker, worker.part.remote(documents), seconds) is None:
            return True
        self._idle.append(worker)
        return False
