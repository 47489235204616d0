"""Whatever text is in logs, labels and messages: the document keeps its shape, and shows nothing hostile as HTML."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from buddy_tui.model import ServiceName
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
# What else may render it: as little as there is, and as much.
RENDERERS = (
    RENDER,
    MarkdownIt("commonmark", {"html": True}),
    MarkdownIt("js-default"),
    MarkdownIt("js-default", {"html": True, "linkify": True, "typographer": True, "breaks": True}),
)
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
    "<!--\n\n## hidden\n\n--> <![CDATA[ x ]]> <?php x ?> <!DOCTYPE x>",
    "[a](<javascript:alert(1)>) <javascript:alert(1)> [b][x]\n\n[x]: javascript:alert(1) 'y'",
    "[a](data:text/html,<script>alert(1)</script>) [b](vbscript:x) [c](//evil.example)",
    "![][x] ![x](x.svg 'y') [![x](y)](z)\n\n[x]: <https://evil.example/x.png>",
    "&#x3C;img src=x onerror=alert(1)&#x3E; &lt;script&gt; &NewLine;&NewLine;# heading &colon;",
    "~~~html\n<b>\n~~~\n````\n~~~~",
    "a | b\n--- | :-:\n<b> | [c](javascript:d)",
    "word[^note] [^note]: <b>note</b>\n\n[^note]: evil",
    "heading\n===\n\nheading\n---\n\n***\n___",
    "\u202aa\u202bb\u202cc\u202dd\u202ee\u2066f\u2067g\u2068h\u2069 \u200e\u200f \u061c",
    "<details open><summary>x</summary><iframe src=//evil.example></details><style>*{}</style>",
    "- [x] done\n- [ ] open\n\n    indented\n\n> > quote",
    "`<b>` ``<i>`` \\`<u>\\` `` ` <s> ` ``",
    "http://evil.example:80/a(b)c ftp://evil.example xmpp:a@b.example +a+ ==mark== :::warning x :::",
)
STEERING = {"Cc", "Cf", "Zl", "Zp"}
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


def look(markdown: str, renderer: MarkdownIt = RENDER) -> _Tags:
    tags = _Tags()
    tags.feed(renderer.render(markdown))
    tags.close()
    return tags


def harmless(markdown: str) -> None:
    """Check that nothing but our own marks is shown, whoever renders it, and that nothing steers a terminal."""
    assert [one for one in markdown if unicodedata.category(one) in STEERING and one != "\n"] == []
    for renderer in RENDERERS:
        tags = look(markdown, renderer)
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


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_tags_messages_and_authors_are_harmless_as_well(text: str) -> None:
    name = ServiceName(text, text, text)
    targets = (make.target(text, 60, text), make.target(material.GOOD, 40, f"t{text}"))
    service = make.service(name, desired=targets, effective=targets[::-1], last_modifier=text)
    failed = make.failed(text, created=material.ago(hours=2), creator=text, reason=text, message=text)
    made = material.failures(f" {text}")
    revisions = (replace(failed, name=f"x{text}"), failed, make.revision(material.GOOD))
    told = replace(made, service=service, revisions=revisions, unread=(text,))

    harmless(document(told))
    harmless(document(replace(told, findings=(), incident=None)))


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
