"""`python -m scenarios.language "SENTENCE"`: how a sentence is read, as a small table."""

import json
import sys
from collections.abc import Sequence

from scenarios.language.reading import read
from scenarios.language.slots import Reading


def rows_of(reading: Reading) -> list[tuple[str, str, str]]:
    """Phrase, slot and value of everything that was read, in the order of the text."""
    return [(phrase.text, phrase.path, phrase.value) for phrase in reading.account]


def main(words: Sequence[str]) -> int:
    """Prints the reading of the words given; the exit status is 2 where there are none."""
    text = " ".join(words).strip()
    if not text:
        print('usage: python -m scenarios.language "SENTENCE"', file=sys.stderr)
        return 2
    reading = read(text)
    rows = [("phrase", "slot", "value"), *rows_of(reading)]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(cell.ljust(size) for cell, size in zip(row, wide, strict=True)).rstrip())
    for title, lines in (("assumed", reading.assumed), ("not understood", reading.not_understood)):
        for line in lines:
            print(f"{title}: {line}")
    print(json.dumps(reading.slots.to_plain()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
