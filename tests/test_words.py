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
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
    *sorted((ROOT / "examples").glob("*.py")),
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
        word("recall", "recalls", "recalled"),
        "cache, cached",
        r"precision|recall_score",
    ),
    OldWord(
        word("lesson", "lessons") + r"|\bTeaching\b|\b_?teach(?:_\w+)?\(|`teach`",
        "cross-fit task, cross-fit result, cross_fit",
    ),
    OldWord(
        rf"\bplain{GAP}(?:student|one|model)s?\b|\bplain ?=(?!=)|(['\"])plain\1"
        r"|\w_plain\b|\bplain_|\.plain\b",
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
        r"(?i)metadata|request|routing|routed|router|fit_params",
    ),
    OldWord(r"\bSoftLabels\b|\bfit_soft_labels\b", "Target, fit_on_target"),
    OldWord(r"\bmix_values\b|\bmix_classes\b", "Target.of_values, Target.of_classes"),
    OldWord(rf"\b[Tt]ruth{GAP}values?\b", "boolean"),
    OldWord(rf"\b[Ww]hole{GAP}numbers?\b", "integer"),
    OldWord(r"\b[Tt]exts\b", "strings"),
    OldWord(
        rf"\b(?:a|the|what|which|this){GAP}share\b|\bshares{GAP}of\b"
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
    """Return the text of a file, or the unreleased section of the changelog."""
    text = path.read_text(encoding="utf-8")
    return unreleased(text) if path.name == "CHANGELOG.md" else text


def unreleased(text: str) -> str:
    """Return the unreleased section of a changelog.

    The lines before it become empty ones, so that its lines keep their numbers.
    """
    before, *found = re.split(r"(?im)^(?=## .*unreleased)", text, maxsplit=1)
    section = re.split(r"(?m)^(?=## )", found[0])[1] if found else ""
    return "\n" * before.count("\n") + section


@pytest.mark.parametrize(
    "path", FILES, ids=[path.relative_to(ROOT).as_posix() for path in FILES]
)
def test_old_words_do_not_come_back(path):
    found = [str(one) for one in old_words(read_checked(path))]
    assert not found, f"\n{path}:" + f"\n{path}:".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "the teacher's answers",
        "def answers_of(model):",
        "class ClassAnswers:",
        "an honest prediction",
        "recall(memory)",
        "lesson: Lesson",
        "from teachers import Teaching",
        "done = teach(task)",
        "self._teach_student(y)",
        "the plain student",
        "# than the plain\n    # student",
        "a plain one",
        "Report(model, plain=student)",
        "plain = fit()",
        'models["plain"]',
        "def check_plain(model):",
        "self.plain.predict(X)",
        "fit(X, y, X_transfer=X_new)",
        "Model(transfer_size=2)",
        "params['transfer_weight']",
        "rows without labels",
        "weighted copies of the rows",
        "n_copies",
        "the native route of a student",
        "find_route(student)",
        "SoftLabels(y)",
        "fit_soft_labels(student)",
        "mix_values(y)",
        "truth\n    values",
        "a whole number",
        "a list of texts",
        "the share of the rows",
        "which share is found",
        "share_recovered",
        "the greatest of them",
        "_settle_transfer",
        "Settle it",
        "a sampler that suits the student",
        "obstacle()",
        "spread(alpha, T)",
        "model._spread",
        "Tell whether it is",
        "None is the mean",
        "None are all classes.",
        "It is short. Of a stack this holds.",
        '"""Of several outputs the first."""',
        "Parameters\n    Of the file.",
    ],
)
def test_an_old_word_is_found(text):
    assert len([*old_words(text)]) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "what the teacher predicts",
        "unanswerable",
        "dishonesty",
        "precision and recall of the class",
        "from sklearn.metrics import recall_score",
        "teacher_input, teachers",
        "plain text, plain numbers",
        "explain = 1",
        "plainly == 1",
        "transfer__size, transfer_set",
        "a copy of the estimator",
        "metadata is routed: a route for each request",
        "texture, pretexts_of",
        "the columns share a name",
        "classes that share a leaf",
        "the greatest common divisor",
        "the test suite",
        "the spread of the values",
        "X is None if it is not given. None is given.",
        "All of the rows. Often so",
        "the mean of a sample",
    ],
)
def test_what_a_word_means_besides_is_left_alone(text):
    assert [*old_words(text)] == []


def test_a_found_word_is_shown_with_its_line_and_the_new_word():
    (found,) = old_words("fine\nthe plain\n  student")
    assert str(found) == "2: 'plain student', use: baseline student, baseline="


def test_the_unreleased_section_of_a_changelog_is_checked():
    section = "## 0.2.0 (unreleased)\n\n- b\n### c\n\n"
    text = f"# Changes\n\n{section}## 0.1.0\n\n- a\n"
    assert unreleased(text) == f"\n\n{section}"
    assert unreleased("# Changes\n\n## 0.1.0\n").strip() == ""
