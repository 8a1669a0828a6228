"""One word for one thing, the field's word where there is one; old ones do not return.

A word is searched for in the package and its documentation, inside names too. What a
word may mean besides is left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    *sorted((ROOT / "skdistill").rglob("*.py")),
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
# Between two words: spaces, the end of a line, the mark of a comment.
GAP = r"[\s#]+"


def word(*forms: str) -> str:
    """Return a pattern of whole words, or of whole parts of names in code.

    >>> bool(re.search(word("answer"), "class ClassAnswer, def _answer_of, unanswered"))
    True
    """
    found = (
        rf"(?:(?<![A-Za-z]){form}|{form.capitalize()})(?![a-z])"
        for form in dict.fromkeys(forms)
    )
    return "|".join(found)


@dataclass(frozen=True)
class OldWord:
    """A pattern, the word to use instead, and where the pattern means something else.

    `allowed` is searched for in the lines of the match, the one before and the one
    after.
    """

    pattern: str
    instead: str
    allowed: str | None = None


OLD_WORDS = (
    OldWord(word("answer", "answers", "answered", "answering"), "prediction, predict"),
    OldWord(word("honest", "honestly"), "out-of-fold prediction"),
    OldWord(
        word("recall", "recalls", "recalled"), "cache, cached", r"precision|recall_score"
    ),
    OldWord(
        word("lesson", "lessons", "teaching", "teach", "teaches", "taught"),
        "cross-fit; the student learns",
    ),
    OldWord(
        rf"\bplain{GAP}(?:student|one|model)s?\b|\bplain=|(['\"])plain\1|\w_plain\b"
        r"|\bplain_",
        "baseline student, baseline=",
    ),
    OldWord(r"\bX_transfer\b", "unlabeled samples, X_unlabeled"),
    OldWord(r"\btransfer_(?:size|weight)\b", "TransferSet(size=, weight=)"),
    OldWord(rf"\b[Rr]ows?{GAP}without{GAP}(?:a{GAP})?labels?\b", "unlabeled samples"),
    OldWord(
        rf"\bcop(?:y|ies){GAP}of{GAP}(?:\w+{GAP})?(?:row|sample)s?\b"
        rf"|\b(?:row|sample){GAP}copies\b|\bcopied{GAP}(?:row|sample)s?\b"
        r"|\bn_copies\b|\b_copies\b",
        "duplicated samples, sample duplication",
    ),
    OldWord(
        word("route", "routes"),
        "adapter, training method",
        r"(?i)metadata|request|routing|routed|router",
    ),
    OldWord(r"\bSoftLabels\b|\bfit_soft_labels\b", "Target, fit_on_target"),
    OldWord(r"\bmix_values\b|\bmix_classes\b", "Target.of_values, Target.of_classes"),
    OldWord(rf"\b[Tt]ruth{GAP}values?\b", "boolean"),
    OldWord(rf"\b[Ww]hole{GAP}numbers?\b", "integer"),
    OldWord(r"\b[Tt]exts\b", "strings"),
    OldWord(
        rf"\b(?:a|the|one|what|which|this|that){GAP}share\b|\bshares{GAP}of\b"
        r"|\bshare_|_share\b",
        "fraction",
    ),
    OldWord(word("greatest"), "maximum, largest", rf"greatest{GAP}common{GAP}divisor"),
    OldWord(word("settle", "settles", "settled", "settling"), "resolve, adapt"),
    OldWord(word("suit", "suits", "suited"), "adapt, fit"),
    OldWord(word("obstacle", "obstacles"), "reason"),
    OldWord(r"\bspread\(|\b_spread\b|\bimport spread\b", "target_scale"),
    OldWord(rf"\b[Tt]ells?{GAP}whether\b", "Return whether"),
    OldWord(r"\bNone(?:`|'|\")? (?:is|are) (?!no|given|not\b)", "If None, X is used"),
    OldWord(
        rf"(?:\A|[.:;]{GAP}|\"\"\"|\n{GAP})Of{GAP}(?:a|an|the|several|more|equal|very)\b",
        "no inverted sentences",
    ),
)


@dataclass(frozen=True)
class Found:
    """A match: in which line, what, and what to write in its place."""

    line: int
    text: str
    instead: str

    def __str__(self) -> str:
        shown = " ".join(self.text.split())
        return f"{self.line}: {shown!r}, use: {self.instead}"


def old_words(text: str) -> Iterator[Found]:
    """Yield what of the old words stands in a text, those before others first."""
    lines = text.split("\n")
    for old in OLD_WORDS:
        for match in re.finditer(old.pattern, text):
            first = text.count("\n", 0, match.start())
            last = text.count("\n", 0, match.end())
            around = "\n".join(lines[max(0, first - 1) : last + 2])
            if old.allowed is None or not re.search(old.allowed, around):
                yield Found(first + 1, match.group(), old.instead)


def read_checked(path: Path) -> str:
    """Return the text of a file; of the changelog, the section that is not released."""
    text = path.read_text(encoding="utf-8")
    if path.name != "CHANGELOG.md":
        return text
    heads = [head.start() for head in re.finditer(r"^## ", text, flags=re.MULTILINE)]
    unreleased = [start for start in heads if "nreleased" in text[start : start + 40]]
    if not unreleased:
        return ""
    return text[unreleased[0] : min([h for h in heads if h > unreleased[0]], default=None)]


@pytest.mark.parametrize(
    "path", FILES, ids=[path.relative_to(ROOT).as_posix() for path in FILES]
)
def test_old_words_do_not_come_back(path):
    found = [str(one) for one in old_words(read_checked(path))]
    assert not found, f"\n{path}:" + f"\n{path}:".join(found)
