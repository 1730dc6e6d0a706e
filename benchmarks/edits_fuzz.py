"""Random edits against a naive model of LSP's incremental synchronisation.

The model keeps the document as the client does: as units of the negotiated encoding (bytes,
utf-16 words or utf-32 words), and finds line ends by scanning them. It shares no code with
:mod:`lsp_agent.workspace`, and never holds code points. After each edit both texts, the line
count and the round trip of the edit's positions must agree.

    python -m benchmarks.edits_fuzz --edits 200000 --seed 0

Prints edits per second and PASS; leaves with status 1 at the first difference, naming the seed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from array import array

from lsp_agent.workspace.positions import PositionEncoding, Range
from lsp_agent.workspace.text import Text

CODECS = {
    PositionEncoding.UTF8: ("utf-8", "B"),
    PositionEncoding.UTF16: ("utf-16-le", "H"),
    PositionEncoding.UTF32: ("utf-32-le", "I"),
}
LINE_ENDS = ("\n", "\r\n", "\r")
FRAGMENTS = (
    "x", "foo", "  ", "\t", "return a + b", "é", "e\u0301", "\u0301", "ß", "漢字", "\uffff",
    "\u200b", "😀", "👩\u200d👩\u200d👧", "𝒳", "\U0010ffff", "\x0b", "\x0c", "\x1c",
    "\x85", "\u2028", "\u2029", "\ufeff",
)  # fmt: skip
CR, LF = 13, 10
DOCUMENT_UNITS = 1_500


class ClientDocument:
    """The document as an editor holds it: an array of units of one encoding."""

    def __init__(self, text: str, encoding: PositionEncoding) -> None:
        self._codec, self._type = CODECS[encoding]
        self.units = self._to_units(text)

    def lines(self) -> list[tuple[int, int]]:
        """Return each line's first unit and the unit behind its last, line end left out."""
        found, start, at = [], 0, 0
        while at < len(self.units):
            unit = self.units[at]
            if unit in (CR, LF):
                found.append((start, at))
                at += 1 + (unit == CR and at + 1 < len(self.units) and self.units[at + 1] == LF)
                start = at
            else:
                at += 1
        found.append((start, len(self.units)))
        return found

    def place(
        self, rng: random.Random, lines: list[tuple[int, int]], first: int, last: int
    ) -> tuple[int, int, int]:
        """Draw a place a client may send: its line, character, and the unit that it means."""
        line = rng.randint(first, last)
        if line >= len(lines):
            return line, rng.randrange(5), len(self.units)
        start, end = lines[line]
        character = rng.randrange(end - start + 1)
        if rng.random() < 0.02:
            return line, end - start + rng.randrange(1, 9), end
        return line, character, self._character_start(start + character, start)

    def replace(self, start: int, end: int, text: str) -> None:
        """Replace units, as the client does before it tells the server."""
        self.units[start:end] = self._to_units(text)

    def text(self) -> str:
        """Return the document decoded."""
        return self.units.tobytes().decode(self._codec)

    def _to_units(self, text: str) -> array[int]:
        return array(self._type, text.encode(self._codec))

    def _character_start(self, unit: int, line_start: int) -> int:
        """Step back to where the character that holds a unit begins."""
        while unit > line_start and unit < len(self.units) and self._continues(self.units[unit]):
            unit -= 1
        return unit

    def _continues(self, unit: int) -> bool:
        if self._type == "B":
            return unit & 0xC0 == 0x80
        return self._type == "H" and 0xDC00 <= unit < 0xE000


def random_text(rng: random.Random, pieces: int) -> str:
    """Draw a text of fragments and line ends, mixed."""
    return "".join(
        rng.choice(LINE_ENDS) if rng.random() < 0.25 else rng.choice(FRAGMENTS)
        for _ in range(pieces)
    )


def fuzz(edits: int, seed: int, encoding: PositionEncoding) -> str | None:
    """Make edits in one encoding; return what differed, or nothing."""
    rng = random.Random(f"{seed}/{encoding}")
    start_text = random_text(rng, 40)
    client, server = ClientDocument(start_text, encoding), Text(start_text)
    lines = client.lines()
    for edit in range(edits):
        first = client.place(rng, lines, 0, len(lines) - (rng.random() < 0.95))
        # Most edits are short, as typed ones are; some span lines, few of them many.
        reach = len(lines) if rng.random() < 0.01 else first[0] + 2
        second = client.place(rng, lines, first[0], reach) if rng.random() < 0.3 else first
        first, second = sorted((first, second), key=lambda place: (place[0], place[1]))
        shrink = len(client.units) > DOCUMENT_UNITS
        new = "" if shrink else random_text(rng, rng.randrange(4))
        if shrink:
            second = (len(lines), 0, len(client.units))
        client.replace(first[2], second[2], new)
        lines = client.lines()
        span = Range(
            server.decode(first[0], first[1], encoding),
            server.decode(second[0], second[1], encoding),
        )
        server = server.replace(span, new)
        if server.content != client.text():
            return f"{encoding}, edit {edit}: texts differ after {first} to {second}: {new!r}"
        if server.line_count != len(lines):
            return f"{encoding}, edit {edit}: {server.line_count} lines, not {len(lines)}"
        if server.decode(*server.encode(span.start, encoding), encoding) != server.position(
            server.offset(span.start)
        ):
            return f"{encoding}, edit {edit}: {span.start} does not survive the round trip"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edits", type=int, default=200_000, help="edits over all encodings")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.perf_counter()
    for number, encoding in enumerate(PositionEncoding):
        share = (options.edits + number) // len(PositionEncoding)
        if problem := fuzz(share, options.seed, encoding):
            print(f"FAIL (seed {options.seed}) {problem}")
            return 1
    seconds = time.perf_counter() - began
    print(
        f"{options.edits:,} edits in {', '.join(PositionEncoding)}: "
        f"{options.edits / seconds:,.0f} edits/s, {seconds:.1f} s, seed {options.seed}: PASS"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
