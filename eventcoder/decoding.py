"""Files of bytes in (plain, gzip, Zstandard; any usual encoding), blocks, lines and text out."""

import codecs
import encodings
import gzip
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from encodings.aliases import aliases
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 18  # bytes read at a time
_ZSTD_INPUT = 1 << 10  # a kilobyte of Zstandard can unpack to tens of megabytes, not more
# News packs to a third or a tenth; a file of nothing but one letter to a thousandth.
_RATIO, _FREE = 100, 1 << 26  # bytes unpacked for each packed one, and beside that
TOO_MUCH = f"it unpacks to more than {_RATIO} times its size: no news does"
_BLANK = 100_000  # empty lines in a row, after which nothing is expected
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY = ["cp1256", "iso8859_6", "cp1252"]  # what Arabic, Persian and English pages came in
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?\s*([\w-]{2,30})", re.IGNORECASE)


class Undecodable(Exception):
    """Bytes that are no text; the message says why."""


@dataclass(slots=True)
class Meter:
    """How many bytes of files have been read, packed as they are."""

    read: int = 0


@contextmanager
def blocks(path: str, meter: Meter | None = None) -> Iterator[Iterator[bytes]]:
    """Open a file, unpacked by its suffix, as blocks of bytes; `-` is standard input."""
    if path == "-":
        yield _read(_standard_input())
        return
    with Path(path).open("rb") as file:
        suffix = Path(path).suffix.lower()
        unpack = {".gz": _gunzip, ".zst": _unzstd}.get(suffix)
        source = _bounded(file, unpack(file)) if unpack else _read(file)
        yield _metered(file, source, meter) if meter else source


def _standard_input() -> BinaryIO:
    """Return a reader of our own: Python, as it ends, wants the lock of `sys.stdin`'s, which a
    thread that waits for a pipe would hold."""
    given = sys.stdin.buffer
    raw = getattr(given, "raw", None)
    return open(raw.fileno(), "rb", closefd=False) if raw else given


def _metered(file: BinaryIO, source: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    before = meter.read
    for block in source:
        meter.read = before + file.tell()
        yield block


def _read(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def most_unpacked(packed: int) -> int:
    """Return to how many bytes so many packed ones may unpack."""
    return _FREE + _RATIO * packed


def _bounded(file: BinaryIO, unpacked: Iterator[bytes]) -> Iterator[bytes]:
    """Stop where a file unpacks to so much that it can only be meant to fill the machine."""
    size = 0
    for block in unpacked:
        size += len(block)
        if size > most_unpacked(file.tell()):
            raise Undecodable(TOO_MUCH)
        yield block


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.open(file) as unpacked:
            while block := unpacked.read1(BLOCK):  # read() would lose what precedes a break
                yield block
    except EOFError:
        raise Undecodable("the gzip file is cut off") from None
    except (OSError, zlib.error) as error:
        raise Undecodable(f"the gzip file is damaged ({error})") from None


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    import zstandard

    decompressor = zstandard.ZstdDecompressor()
    try:
        frame, pending = decompressor.decompressobj(), b""
        while packed := pending or file.read(_ZSTD_INPUT):
            if frame.eof:
                frame = decompressor.decompressobj()
            block = frame.decompress(packed)
            yield from (block[at : at + BLOCK] for at in range(0, len(block), BLOCK))
            pending = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError as error:
        raise Undecodable(f"the Zstandard file is damaged ({error})") from None
    if not frame.eof and file.tell():
        raise Undecodable("the Zstandard file is cut off")


def first_bytes(source: Iterator[bytes], size: int) -> tuple[bytes, bool]:
    """Join blocks up to `size` bytes; the second value says whether there was more."""
    taken = bytearray()
    for block in source:
        taken += block
        if len(taken) > size:
            return bytes(taken[:size]), True
    return bytes(taken), False


def lines(source: Iterator[bytes], longest: int) -> Iterator[bytes | None]:
    """Split blocks into lines with their ends; None stands for one longer than `longest` bytes.

    UTF-16 and UTF-32 with a byte-order mark are made UTF-8 on the way.
    """
    parts: list[bytes] = []  # of the line being read
    size = blank = 0
    for block in _as_utf8(source):
        for piece in _split(block):
            size += len(piece)
            if size <= longest:
                parts.append(piece)
            if piece.endswith(b"\n"):
                yield b"".join(parts) if size <= longest else None
                blank = blank + 1 if size == 1 else 0
                if blank > _BLANK:
                    raise Undecodable(f"{_BLANK:,} empty lines in a row")
                parts, size = [], 0
    if size:
        yield b"".join(parts) if size <= longest else None


def _split(block: bytes) -> list[bytes]:
    if b"\r" not in block:
        return block.splitlines(keepends=True)
    # bytes.splitlines breaks at a lone carriage return too, which may stand inside a CSV field
    *whole, rest = block.split(b"\n")
    return [piece + b"\n" for piece in whole] + [rest]


def _as_utf8(source: Iterator[bytes]) -> Iterator[bytes]:
    first = next(source, b"")
    mark, encoding = _mark(first)
    first = first[len(mark) :]
    encoding = encoding or _unmarked_utf16(first)
    if encoding in {"", "utf-8"}:
        yield first
        yield from source
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first).encode("utf-8", "replace")
    for block in source:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _mark(data: bytes) -> tuple[bytes, str]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return mark, encoding
    return b"", ""


def decode(data: bytes, html: bool = False) -> str:
    """Decode by byte-order mark, the page's own charset, UTF-8, or by what the bytes look like.

    >>> decode("وزير الخارجية الروسي يصل إلى دوشنبه".encode("cp1256"))
    'وزير الخارجية الروسي يصل إلى دوشنبه'
    """
    mark, encoding = _mark(data)
    candidates = [encoding] if encoding else [_unmarked_utf16(data), "utf-8"]
    if html and (declared := _META_CHARSET.search(data[:4096])):
        candidates += _charset(declared[1].decode("ascii"))
    for candidate in filter(None, candidates):
        try:
            return data[len(mark) :].decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    return _guess(data)


def _charset(name: str) -> list[str]:
    """Take a page's charset if it is one: Python's other codecs ("idna", "undefined") misbehave."""
    plain = encodings.normalize_encoding(name).lower()
    return [plain] if plain in aliases or plain in aliases.values() else []


def _unmarked_utf16(data: bytes) -> str:
    """Tell UTF-16 without a mark by its zero bytes: those of spaces, digits and line ends."""
    even, odd = data[0:8192:2].count(0), data[1:8192:2].count(0)
    if max(even, odd) < max(4, len(data[:8192]) / 20) or min(even, odd) * 20 > max(even, odd):
        return ""
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    breaks = data[0:8192:2] if odd > even else data[1:8192:2]
    if 2 * breaks.count(b"\n") < data[:8192].count(b"\n"):
        return ""  # zero bytes between lines that are none of UTF-16
    start = data[:8192].decode(encoding, "ignore")
    return encoding if all(c.isspace() or c.isprintable() or c > "\x9f" for c in start) else ""


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    valid = data.decode("utf-8", "ignore")
    damage = data.decode("utf-8", "replace").count("\ufffd") - valid.count("\ufffd")
    # Damaged UTF-8 must not be read as Windows-1256: nearly any byte is a letter there.
    if sum(ord(letter) > 127 for letter in valid) <= damage:
        best = from_bytes(data[: 1 << 16], cp_isolation=_LEGACY).best()
        if best is not None:
            try:
                return data.decode(best.encoding)
            except UnicodeDecodeError:
                pass
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"byte 0x{data[error.start]:02x} at {error.start}"
        raise Undecodable(f"not UTF-8 ({place}), nor another known encoding") from None
    raise Undecodable("in no known encoding")
