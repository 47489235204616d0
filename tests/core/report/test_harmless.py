"""Whatever text is in logs, labels and messages: the document keeps its shape, and shows nothing hostile as HTML."""

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from buddy_tui.report.checklist import as_markdown as as_task_list
from buddy_tui.report.conclusion import report
from buddy_tui.report.markdown import as_markdown
from buddy_tui.report.material import Material
from buddy_tui.report.people import People, hidden, hidden_checklist
from buddy_tui.report.prose import code, fenced, words
from buddy_tui.verify.plan import PLAN, answer
from buddy_tui.verify.values import Answered, Checklist
from tests import make
from tests.core.report import material

# As GitHub renders: with raw HTML let through, and bare addresses made links.
RENDER = MarkdownIt("gfm-like")
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "https://evil.example/?q=1 www.evil.example evil.example mailto:a@b.example",
    "@octocat #12 GH-12 :bomb: deadbeef1 owner/repo#1",
    "# heading\n\n- item\n1. one\n> quote\n---\n===",
    "` `` ``` ```` ~~~",
    "```\n# out of the fence\n```",
    "| a | b |\n|---|---|",
    "**bold** __bold__ ~~gone~~ *it* \\ &lt;b&gt; &#64;",
    "1. 2) - + * > #",
    "\x1b]52;c;aGk=\x07 \u202egnp.exe \u2028 line",
    "[^1] [a]: https://evil.example '",
    "(`) ) ]( https://x.example",
    "<https://evil.example> <a@b.example>",
    "$x$ <!-- hidden --> ]]>",
)
ALLOWED = {
    "a", "code", "em", "h1", "h2", "h3", "input", "li", "ol", "p", "pre", "strong", "ul"
}  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("`~*_[]()<>!#|\\&@:/.-+=1a \n\t\"'"), max_size=40),
    st.sampled_from(HOSTILE),
)


class _Tags(HTMLParser):
    """Collects the tags of a page, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def shape(markdown: str) -> list[tuple[str, str, int]]:
    """Return the blocks of a document: what they are, and how deep."""
    return [(one.type, one.tag, one.level) for one in RENDER.parse(markdown)]


def look(markdown: str) -> _Tags:
    tags = _Tags()
    tags.feed(RENDER.render(markdown))
    tags.close()
    return tags


def harmless(markdown: str) -> None:
    """Check that nothing but our own marks is shown."""
    tags = look(markdown)
    assert set(tags.tags) <= ALLOWED
    assert tags.attributes <= {"href", "class", "start"}
    assert all(one.startswith("https://console.cloud.google.com/") for one in tags.links)


def document(made: Material) -> str:
    """Return a report with everything in it that may be shown, names too."""
    return as_markdown(hidden(report(made), People(shown=True)))


@cache
def benign(made: Callable[[str], Material]) -> list[tuple[str, str, int]]:
    """Return the shape of a report of plain words."""
    return shape(document(made(" word")))


@pytest.mark.parametrize("made", [material.failures, material.promotion], ids=["failures", "promotion"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_report_is_harmless_and_keeps_its_shape(text: str, made: Callable[[str], Material]) -> None:
    page = document(made(f" {text}"))

    harmless(page)
    assert shape(page) == benign(made)


@settings(max_examples=40, deadline=None)
@given(TEXT)
@example(HOSTILE[0])
def test_no_text_changes_the_shape_of_a_report(text: str) -> None:
    page = document(material.failures(f" {text}"))

    harmless(page)
    assert shape(page) == benign(material.failures)


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_words_are_one_paragraph_without_any_mark_but_code(text: str) -> None:
    tags = look(words(text))

    assert tags.tags.count("p") <= 1
    assert set(tags.tags) <= {"p", "code"}


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_words_lose_no_word(text: str) -> None:
    shown = re.sub(r"<[^>]*>", "", RENDER.render(words(text)))

    assert [one for one in text.split() if one.isalnum() and one.isascii()] == [
        one for one in text.split() if one.isalnum() and one.isascii() and one in shown
    ]


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_code_is_one_span_and_a_fence_one_block(text: str) -> None:
    span, block = look(code(text)), RENDER.parse("\n".join(fenced([text])))

    assert span.tags in ([], ["p", "code"])
    assert [one.type for one in block] in ([], ["fence"])


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_checklist_is_harmless_and_keeps_its_shape(text: str) -> None:
    def page(told: str) -> str:
        line = answer("boots", Answered.NO, f"It said {told}.", "log", make.NOW)
        by_hand = answer("monitor-fed", Answered.BY_HAND, f"x {told}")
        made = Checklist(make.NAME, "api-00002-bbb", (line, by_hand, *PLAN[2:4]), done=True, as_of=make.NOW)
        return as_task_list(hidden_checklist(made, People(shown=True)))

    harmless(page(text))
    assert shape(page(text)) == shape(page("word"))


def test_plain_words_stay_and_names_become_code() -> None:
    told = "Back_End/ was uploaded: api-00002-bbb has no app/main.py (see http://x.example)."

    assert words(told) == (
        "`Back_End/` was uploaded: api-00002-bbb has no `app/main.py` (see `http://x.example`)."
    )
