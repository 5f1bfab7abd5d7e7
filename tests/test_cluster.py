"""Coding on Ray: the local engine's tables, whoever dies on the way."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from eventcoder import coder as coders
from eventcoder import corpus, pipeline, runs, tables
from eventcoder.records import Document, Unreadable

ray = pytest.importorskip("ray")
from eventcoder import cluster  # noqa: E402  (needs ray)

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own
PAGES = Path(__file__).parent / "sample" / "corpus" / "pages"
OPTIONS = pipeline.Options(threads=2, engine="ray")


class Frail:
    """A coder that dies of some documents: of `once` the first time, of `always` every time."""

    def __init__(self, once: str, always: str, seen: str) -> None:
        self.coder = coders.Coder.load(coders.Options(threads=1))
        self.once, self.always, self.seen = once, always, seen
        self.signature = self.coder.signature

    def part(self, shard: Any) -> Any:
        ids = {item.doc_id for item in shard if isinstance(item, Document)}
        if self.always == "hang" and "h" in ids:
            time.sleep(600)
        if self.always == "raise" and "r" in ids:
            raise IndexError("out of range")
        if self.always in ids:
            os._exit(9)
        if self.once in ids and not os.path.exists(self.seen):  # noqa: PTH110
            with open(self.seen, "w"):  # noqa: PTH123
                os._exit(9)
        return self.coder.part(shard)


ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[Any]:
    """Two nodes of one core each, in processes of this test; the second may be lost."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    nodes = Cluster()
    for attempt in range(3):  # Ray waits 30 seconds for a node, which a busy machine may miss
        try:
            if not nodes.head_node:
                nodes.add_node(num_cpus=1, include_dashboard=False)
            second = nodes.add_node(num_cpus=1)
            break
        except Exception as error:  # Ray raises no other
            if attempt == 2 or "timed out" not in str(error):
                raise
    ray.init(address=nodes.address, log_to_driver=False, logging_level="error")
    yield nodes, second
    ray.shutdown()
    nodes.shutdown()


def shards(size: int) -> Iterator[list[Document | Unreadable]]:
    found = list(corpus.read([PAGES]))
    return iter([found[at : at + size] for at in range(0, len(found), size)])


def test_the_same_tables_though_workers_and_a_node_die(
    two_nodes: Any, tmp_path: Path, coder: pipeline.Coder
) -> None:
    """A worker dies once, another of a document every time; then a node is lost."""
    nodes, second = two_nodes
    ids = [item.doc_id for shard in shards(3) for item in shard]
    arguments = ids[1], ids[7], str(tmp_path / "seen")
    made_by = coder.signature(OPTIONS, ())
    pool = cluster.Pool(
        lambda: Frail(*arguments), 2, tuple(getattr(made_by, name) for name in cluster._MADE_BY)
    )
    coded = []
    for shard, part in pool.parts(shards(3)):
        coded.append((shard, part))
        if len(coded) == 3:
            nodes.remove_node(second, allow_graceful=False)
    pool.close()

    whole = [item for shard, _ in coded for item in shard]
    assert [item.doc_id for item in whole] == ids
    lost = [item for item in whole if isinstance(item, Unreadable)]
    assert [(item.doc_id, item.reason) for item in lost] == [(ids[7], cluster.SET_ASIDE)]
    for (_, part), (_, local) in zip(coded, coder.parts(shard for shard, _ in coded), strict=True):
        for name in ("documents", "mentions", "sketches", "events"):
            assert_frame_equal(getattr(part, name), getattr(local, name))


def test_a_run_on_ray_is_the_run_on_this_machine(
    two_nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventcoder.shards.SHARD", 5)
    there = pipeline.code([PAGES], tmp_path / "there", OPTIONS)
    here = pipeline.code([PAGES], tmp_path / "here", pipeline.Options(threads=1))
    for name in ("documents", "mentions", "events"):
        rows = [tables.collect(getattr(run, name)(), name) for run in (there, here)]
        assert_frame_equal(*rows)
    assert there.info()["counts"] == here.info()["counts"]
    assert isinstance(there, runs.Run)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("hang", cluster.SET_ASIDE), ("raise", "set aside: IndexError: out of range")],
)
def test_a_document_that_hangs_or_raises_is_set_aside(
    two_nodes: Any, coder: pipeline.Coder, fault: str, reason: str
) -> None:
    made_by = coder.signature(OPTIONS, ())
    pool = cluster.Pool(
        lambda: Frail("", fault, ""), 1,
        tuple(getattr(made_by, name) for name in cluster._MADE_BY), 4.0,
    )  # fmt: skip
    texts = [[Document(i, f"Iran met Iraq in place {i}.") for i in ids] for ids in ("ab", "ch")]
    texts[1].append(Document("r", "Iran met Iraq."))
    if fault == "raise":
        del texts[1][1]
    try:
        documents = [part.documents for _, part in pool.parts(iter(texts))]
    finally:
        pool.close()
    told = {row["doc_id"]: row["reason"] for part in documents for row in part.to_dicts()}
    lost = "h" if fault == "hang" else "r"
    assert told == dict.fromkeys(told) | {lost: reason}


def test_an_address_is_of_a_ray_cluster(cli: Any, tmp_path: Path) -> None:
    told = cli("code", PAGES, "--out", tmp_path / "run", "--address", "auto")
    assert told.exit_code == 1
    assert "add --engine ray" in told.stderr


def test_without_ray_we_say_how_to_get_it() -> None:
    program = (
        "import sys; sys.modules['ray'] = None\n"
        "from eventcoder import pipeline\n"
        "from eventcoder.errors import EventcoderError\n"
        "try: pipeline._engine(pipeline.Options(engine='ray'), None, iter(()))\n"
        "except EventcoderError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout == "engine ray needs ray: pip install 'eventcoder[cluster]'\n"
