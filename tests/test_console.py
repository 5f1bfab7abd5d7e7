"""What is said on stderr while a run goes on, and at its end."""

import pytest

from eventcoder import console


def test_progress_tells_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [1000.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    with console.progress() as talk:
        # A resumed run: what was there before tells nothing of the pace.
        talk({"read": 1000, "sentences": 6000, "bytes": 10_000, "bytes_in_all": 110_000})
        now[0] += 60
        talk({"read": 1100, "sentences": 6600, "bytes": 20_000, "bytes_in_all": 110_000})
        now[0] += 60
        talk({"read": 1200, "sentences": 7200})
    first, second = capsys.readouterr().err.splitlines()
    assert first == "1,100 documents, 6,600 sentences, 10 sentences/s, about 0:09:00 left"
    assert second == "1,200 documents, 7,200 sentences, 10 sentences/s"


def test_the_account_names_files_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"read": 3, "coded": 3, "skipped": 0, "failed": 0, "sentences": 9, "mentions": 4,
              "events": 4, "kept": 3, "dropped: self dyad": 1, "skipped_files": 2}  # fmt: skip
    console.account({"counts": counts, "seconds": 1.0})
    told = capsys.readouterr().err
    assert "files passed over, of no format that is read: 2 (log.jsonl names them)" in told
    assert "kept 3 + dropped 1 (self dyad 1)" in told
