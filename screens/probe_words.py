"""What the probes screen says, in the operator's words. Pure; every verdict is a mark, a word and a tone."""

from collections.abc import Iterator, Sequence
from typing import Final

from textual.content import Content

from buddy_tui.clean import clean, clean_line
from buddy_tui.model import ServiceName
from buddy_tui.probes.values import Attempt, Cell, Matrix, Refusal, Target, Verdict
from buddy_tui.sessions.values import Survival
from screens.theme import toned
from screens.widgets.spark import spark
from screens.words import NONE
from screens.words import Cell as Word

# In few words, and in fewer.
REFUSALS: Final = {
    Refusal.NO_ADDRESS: ("no address", "no tag"),
    Refusal.ADDRESS_DISABLED: ("address off", "addr off"),
    Refusal.NOT_RUNNING: ("not running", "not up"),
    Refusal.NO_TOKEN: ("no token",),
    Refusal.INGRESS: ("ingress",),
    Refusal.UNAUTHENTICATED: ("401 token", "401"),
    Refusal.NOT_INVOKER: ("403 not invoker", "403 role"),
    Refusal.ORGANISATION_POLICY: ("organisation policy", "policy"),
    Refusal.FOREIGN_HOST: ("foreign host", "foreign"),
}
SAMPLE_QUESTION = '[[probe]]\nname = "health"\npath = "/healthz"'
# So many latencies are drawn where there is room for a line of them.
_WIDE = 40
WRITES = "writes one session of its own, reads it back, deletes it"

_MARKS: Final = {
    Verdict.PASS: Word("✓ pass", "ok"),
    Verdict.FAIL: Word("✗ fail", "bad"),
    Verdict.INCONCLUSIVE: Word("? inconclusive", "warn"),
    Verdict.REFUSED: Word("! refused", "warn"),
    Verdict.NOT_OFFERED: Word(f"{NONE} not offered", "dim"),
}
_SAME = Word("= as serving", "warn")
_WORSE = Word("✗ worse", "bad")
_CANNOT_TELL = {Survival.REFUSED: "!", Survival.INCONCLUSIVE: "?", Survival.NOT_OFFERED: NONE}


def verdict(one: Verdict | None) -> Word:
    """Return a verdict as mark and word; what is still asked is `● asking`."""
    return _MARKS[one] if one else Word("● asking", "info")


def survival(one: Survival | None) -> Word:
    """Return what became of a session as mark and words, e.g. `✗ lost between revisions`."""
    if one is None:
        return Word("● under way", "info")
    words = one.value.replace("_", " ")
    if one in _CANNOT_TELL:
        return Word(f"{_CANNOT_TELL[one]} {words}", "dim" if one is Survival.NOT_OFFERED else "warn")
    return Word(f"✓ {words}", "ok") if one is Survival.PERSISTED else Word(f"✗ {words}", "bad")


def state(cell: Cell) -> Word:
    """Return how a cell stands; a failure that the serving revision shares is not called one of this release."""
    if cell.verdict is Verdict.FAIL and cell.compared:
        return _SAME if cell.compared == "same" else _WORSE
    return verdict(cell.verdict)


def brief(cell: Cell, attempts: int, width: int, *, stopped: bool = False) -> Word:
    """Return a cell in `width` cells of the terminal: the longest of its forms that fits."""
    forms, tone = _forms(cell, attempts, stopped=stopped)
    return Word(next((form for form in forms if len(form) <= width), forms[-1]), tone)


def _forms(cell: Cell, attempts: int, *, stopped: bool) -> tuple[tuple[str, ...], str]:
    if cell.verdict is None:
        return _forms_to_come(f"{cell.tried}/{attempts}", begun=cell.tried > 0, stopped=stopped)
    of, fast, how = f"{cell.passed}/{cell.tried}", millis(cell.p50_ms), state(cell)
    mark, _, word = how.text.partition(" ")
    refused = REFUSALS[cell.refusal] if cell.refusal else (word,)
    forms: dict[Verdict, tuple[str, ...]] = {
        Verdict.PASS: (f"{how.text} {of} {fast}", f"{mark} {of} {fast}", f"{mark} {of}"),
        Verdict.FAIL: (f"{how.text} {of} {fast}", f"{how.text} {of}", f"{mark} fail {of}", f"{mark} {of}"),
        Verdict.INCONCLUSIVE: (f"{how.text} {of}", f"{mark} unsure {of}", f"{mark} {of}"),
        Verdict.REFUSED: tuple(f"{mark} {one}" for one in refused),
        Verdict.NOT_OFFERED: (how.text, f"{mark} absent"),
    }
    same = (f"= fails as serving {of}", f"= as serving {of}", f"= same {of}", f"= {of}")
    return same if how is _SAME else forms[cell.verdict], how.tone


def _forms_to_come(far: str, *, begun: bool, stopped: bool) -> tuple[tuple[str, ...], str]:
    if stopped:
        return (f"{NONE} stopped {far}", f"{NONE} {far}"), "dim"
    return ((f"● asking {far}", f"● {far}"), "info") if begun else (("· waiting", "·"), "dim")


def millis(value: float | None) -> str:
    """Return milliseconds in few cells, e.g. `12ms`, `1.2s`, `31s`; a dash where nothing answered."""
    if value is None:
        return NONE
    if value < 999.5:
        return f"{value:.0f}ms"
    return f"{value / 1000:.1f}s" if value < 9950 else f"{value / 1000:.0f}s"


def latencies(attempts: Sequence[Attempt]) -> tuple[float | None, ...]:
    """Return the seconds of the counted attempts in their order; `None` where no answer came."""
    return tuple(one.took if one.status else None for one in attempts if one.number)


def cells(matrix: Matrix) -> Iterator[Cell]:
    """Yield all cells, row by row."""
    for row in matrix.cells:
        yield from row


def nobody_has_an_address(matrix: Matrix) -> bool:
    """Tell whether a tag is missing everywhere but where nothing runs."""
    found = {one.refusal for one in matrix.targets}
    return Refusal.NO_ADDRESS in found and found <= {Refusal.NO_ADDRESS, Refusal.NOT_RUNNING}


def nothing_is_offered(matrix: Matrix) -> bool:
    """Tell whether no revision that could be asked has any of the paths."""
    found = {cell.verdict for cell in cells(matrix)}
    return Verdict.NOT_OFFERED in found and found <= {Verdict.NOT_OFFERED, Verdict.REFUSED}


def headline(matrix: Matrix) -> Content:
    """Return what matters most on a first line, and on a second all verdicts by number, the legend of the marks."""
    told = list(cells(matrix))
    if nobody_has_an_address(matrix):
        return _two_lines(
            Word("! No revision that runs has an address of its own: no tag.", "warn"),
            Word("c copies the command that adds one, on its row; ctrl+r asks then."),
        )
    if nothing_is_offered(matrix):
        return _two_lines(
            Word("! None of these paths is offered.", "warn"),
            Word("Say in buddy.toml what to ask, e.g. as below."),
        )
    if told and all(one.verdict is Verdict.REFUSED for one in told):
        return _two_lines(
            Word("! Refused everywhere, before any application was asked.", "warn"),
            Word("This says nothing about the revisions."),
        )
    return (
        _two_lines(*_worst(told, matrix)) + Content("\n") + _two_lines(*_counts(told), between="  ")
        if told
        else Content("")
    )


def _two_lines(*words: Word, between: str = "\n") -> Content:
    return Content.assemble(*toned(*(one for word in words for one in (word, Word(between)))))[
        : -len(between)
    ]


def _worst(told: list[Cell], matrix: Matrix) -> Iterator[Word]:
    worse = [one for one in told if state(one) is _WORSE]
    failing = [one for one in told if one.verdict is Verdict.FAIL and not one.compared]
    far = "" if matrix.done else " so far"
    if worse:
        yield Word(f"✗ {len(worse)} worse than serving{far}: {_named(worse, matrix.name)}", "bad")
    elif failing:
        whose = "serving fails itself" if failing[0].revision == matrix.baseline else "fails"
        yield Word(f"✗ {whose}{far}: {_named(failing, matrix.name)}", "bad")
    elif matrix.baseline:
        yield Word(f"✓ Nothing is worse than serving{far}.", "ok" if matrix.done else "")
    else:
        yield Word(f"✓ Nothing fails{far}; there is nothing to compare with.", "ok" if matrix.done else "")


def _counts(told: list[Cell]) -> Iterator[Word]:
    """Yield how many stand how, in few words: they have one line together."""
    same = sum(state(one) is _SAME for one in told)
    counted = (
        ("✗", "fail", "bad", _how_many(told, Verdict.FAIL) - same),
        ("=", "as serving", "warn", same),
        ("?", "unsure", "warn", _how_many(told, Verdict.INCONCLUSIVE)),
        ("!", "refused", "warn", _how_many(told, Verdict.REFUSED)),
        ("✓", "pass", "ok", _how_many(told, Verdict.PASS)),
        (NONE, "absent", "dim", _how_many(told, Verdict.NOT_OFFERED)),
        ("●", "to come", "info", _how_many(told, None)),
    )
    yield from (Word(f"{mark} {count} {words}", tone) for mark, words, tone, count in counted if count)


def _named(some: list[Cell], service: ServiceName) -> str:
    first = f"{short(some[0].revision, service)} {clean_line(some[0].question)}"
    return first if len(some) == 1 else f"{first}, +{len(some) - 1}"


def _how_many(told: list[Cell], wanted: Verdict | None) -> int:
    return sum(one.verdict is wanted for one in told)


def short(revision: str, name: ServiceName) -> str:
    """Return a revision's name without its service's in front, e.g. `00042-xez`."""
    return clean_line(revision.removeprefix(f"{name.service}-"))


def progress(matrix: Matrix, *, watching: bool, stopped: bool, aged: str) -> Word:
    """Return how far the asking has come, e.g. `● asking each 8 times, 14 of 40 answered`; `aged` tells its age."""
    if matrix.trouble:
        return Word(f"{NONE} nothing could be asked", "warn")
    told = list(cells(matrix))
    done = sum(one.verdict is not None for one in told)
    compared = f" · compared with {short(matrix.baseline, matrix.name)}" if matrix.baseline else ""
    if stopped:
        tried = max((one.tried for one in told if one.verdict is None), default=matrix.attempts)
        return Word(f"{NONE} stopped, {tried} of {matrix.attempts}, {aged} ago{compared}", "warn")
    if watching:
        return Word(f"● watching, round {matrix.round} · {aged} old{compared}", "info")
    if matrix.done:
        return Word(f"✓ asked {matrix.attempts} times each, {aged} ago{compared}", "dim")
    return Word(f"● asking each {matrix.attempts} times · {done} of {len(told)} settled{compared}", "info")


def preview(matrix: Matrix, cell: Cell, target: Target) -> Content:
    """Return the cell under the cursor in full: verdict, counts, latency, why, what that proves, and the way out."""
    how, optional = state(cell), "" if cell.critical else "  not critical"
    first = toned(
        Word(short(cell.revision, matrix.name), "strong"),
        Word(f" · {clean_line(cell.question)}  ", "info"),
        Word(how.text, how.tone),
        Word(f"  {numbers(cell, matrix.attempts)}{optional}", "dim"),
    )
    why, fix, line = reason(cell, target), cell.fix or target.fix, spark(latencies(cell.attempts), _WIDE)
    if nothing_is_offered(matrix):
        why, fix = f"{why}\n{SAMPLE_QUESTION}".strip(), ""
    lines = (
        Word(f"\n{clean(why)}" if why else ""),
        Word(f"\nfix  {clean_line(fix)}" if fix else "", "info"),
        Word(f"\n{clean_line(cell.bound)}" if cell.bound else "", "dim"),
        Word(f"\n{line}  latency, the last on the right" if len(line) > 1 else "", "dim"),
    )
    return Content.assemble(*first, *toned(*lines))


def reason(cell: Cell, target: Target) -> str:
    """Return why a cell is as it is, with the refusal's own name."""
    told = cell.reason or target.reason
    if cell.refusal:
        told = f"{cell.refusal.value}: {told}" if told else cell.refusal.value
    return told


def numbers(cell: Cell, attempts: int) -> str:
    """Return counts and latencies, e.g. `8 of 8  p50 12ms  p95 80ms`."""
    if cell.verdict is None:
        return f"{cell.tried} of {attempts}"
    if not cell.tried:
        return ""
    fast = f"  p50 {millis(cell.p50_ms)}  p95 {millis(cell.p95_ms)}" if cell.p50_ms is not None else ""
    return f"{cell.passed} of {cell.tried} good{fast}"
