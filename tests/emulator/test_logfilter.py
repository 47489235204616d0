"""The Logging query language, against Google's description of it and against a naive reading of it."""

import operator
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.logs.filter import compile_filter
from buddy_tui.emulator.logs.query import LONGEST, And, Compare, Not, Or, Text, Tree, parse
from buddy_tui.emulator.names import Problem, Where

WHERE = Where("acme", "us-central1", "shop", "shop-00007-fvm")
AT = datetime(2025, 9, 16, 0, 42, 54, 53646, UTC)
EXCHANGE = entries.Exchange(
    "GET", "https://shop.example/", 503, 3.786, 1, 1, "curl", "ip", "HTTP/1.1", "7a", "s"
)
ENTRIES = {
    "exit": entries.system(
        WHERE, "00ff", "WARNING", "Container called exit(3).", AT, container_name="shop-1"
    ),
    "line": entries.line(WHERE, "00ff", "stderr", "Worker failed to boot.", AT),
    "traceback": entries.line(
        WHERE, "00aa", "stderr", "Traceback (most recent call last):\n  x\nKeyError: 'A'", AT
    ),
    "json": entries.line(
        WHERE,
        "00ff",
        "stdout",
        '{"severity": "INFO", "message": "Straße offen", "n": 8.5, "ok": true, "none": null, "sizes": [8.5, 9, 6],'
        ' "error": {"severity": "ERROR", "text": "Missing field"}, "a.b": {"ü:": "deep"}}',
        AT,
    ),
    "request": entries.request(WHERE, "00ff", EXCHANGE, AT),
    "audit": entries.system_event(
        WHERE,
        AT,
        ready=False,
        message="It died.",
        response={
            "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "ContainerHealthy"}]}
        },
    ),
}
EVERYTHING = set(ENTRIES)


def found(query: str) -> set[str]:
    matches = compile_filter(query)
    return {name for name, entry in ENTRIES.items() if matches(entry)}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", EVERYTHING),
        ("  -- nothing but a comment", EVERYTHING),
        # severity is compared by rank, and none is DEFAULT
        ("severity>=ERROR", {"traceback", "request", "audit"}),
        ("NOT severity>=ERROR", {"exit", "line", "json"}),
        ("severity>=DEFAULT", EVERYTHING),
        ("severity=DEFAULT", {"line"}),
        ("severity=(WARNING OR info)", {"exit", "json"}),
        ("severity<200", {"line"}),
        # names, labels, quoting
        ('resource.type="cloud_run_revision"', EVERYTHING),
        ("resource.type=cloud_run_job", set()),
        ("resource.labels.revision_name=shop-00007-fvm", EVERYTHING),
        ("labels.instanceId=00AA", {"traceback"}),
        ('labels."instanceId"="00aa"', {"traceback"}),
        ('logName="projects/acme/logs/run.googleapis.com%2Fstdout"', {"json"}),
        ("logName=projects/acme/logs/run.googleapis.com%2Fstdout", {"json"}),
        ('logName:("stderr" OR "stdout")', {"line", "traceback", "json"}),
        ('log_id("run.googleapis.com/stderr")', {"line", "traceback"}),
        ('insertId:"a" OR insertId:*', EVERYTHING),
        # text ignores case, ':' is a part of it
        ('textPayload="worker FAILED to boot."', {"line"}),
        ('textPayload="Worker failed"', set()),
        ('textPayload:"WORKER failed"', {"line"}),
        ("textPayload:(failed boot)", {"line"}),
        ("textPayload:(failed AND NOT boot)", set()),
        ('jsonPayload.message:"STRASSE"', {"json"}),
        ("textPayload:\"\\nKeyError: 'a'\"", {"traceback"}),
        ('textPayload:"\\u0057orker"', {"line"}),
        # regular expressions do not
        ('textPayload=~"^Worker .* boot\\.$"', {"line"}),
        ('textPayload=~"^worker"', set()),
        ('textPayload=~"(?i)^worker"', {"line"}),
        ('textPayload=~("^Worker" OR "^Container")', {"line", "exit"}),
        ('labels.container_name!~"^x"', {"exit"}),
        ('jsonPayload.n=~"8"', set()),
        # a missing field fails every comparison, a defaulted one has its default
        ("labels.container_name:*", {"exit"}),
        ('labels.container_name!="x"', {"exit"}),
        ('NOT labels.container_name="x"', EVERYTHING),
        ('-labels.container_name="shop-1"', EVERYTHING - {"exit"}),
        ("jsonPayload.nothing<5", set()),
        ("httpRequest.status<500", EVERYTHING - {"request"}),
        ("httpRequest.status:*", {"request"}),
        ("httpRequest:*", {"request"}),
        ('textPayload=""', {"json", "request", "audit"}),
        ("textPayload:*", {"exit", "line", "traceback"}),
        # JSON values are compared as what they are
        ("jsonPayload.n=8.5", {"json"}),
        ('jsonPayload.n>"8"', {"json"}),
        ("jsonPayload.n=eight", set()),
        ("jsonPayload.ok=TRUE", {"json"}),
        ("jsonPayload.ok=1", set()),
        ("jsonPayload.none=NULL_VALUE", {"json"}),
        ('jsonPayload.none="NULL_VALUE"', set()),
        ("jsonPayload.none:*", {"json"}),
        ("jsonPayload.sizes<7", {"json"}),
        ("jsonPayload.sizes=7", set()),
        ("jsonPayload.error.severity=ERROR", {"json"}),
        ('jsonPayload."a.b"."ü:"="deep"', {"json"}),
        ('jsonPayload:"missing FIELD"', {"json"}),
        ('jsonPayload="missing field"', set()),
        ("jsonPayload.MESSAGE:offen", set()),
        # proto payloads are looked into
        ('protoPayload.methodName="/Services.ReplaceService"', {"audit"}),
        ("protoPayload.status.code=9", {"audit"}),
        ('protoPayload.response.status.conditions.type="ContainerHealthy"', {"audit"}),
        ('protoPayload."@type":"AuditLog"', {"audit"}),
        ("protoPayload.thud=1", set()),
        # times and durations
        ('timestamp>="2025-09-16"', EVERYTHING),
        ('timestamp>="2025-09-16T00:42:54.053646Z"', EVERYTHING),
        ('timestamp>"2025-09-16T00:42:54.053646001Z"', set()),
        ('timestamp<"2025-09-16T02:42:55+02:00"', EVERYTHING),
        ("httpRequest.latency>3.5s", {"request"}),
        ('httpRequest.latency>"3786ms"', set()),
        ('trace="projects/acme/traces/7a"', {"request"}),
        # any field
        ("failed", {"line"}),
        ('"missing field"', {"json"}),
        ("8.5", {"json"}),
        ('"https://shop.example/"', {"request"}),
        ("ContainerHealthy", {"audit"}),
        ('SEARCH("boot worker")', {"line"}),
        ('SEARCH("work")', set()),
        ('SEARCH("`failed to boot`")', {"line"}),
        ('SEARCH("`boot failed`")', set()),
        ('SEARCH(textPayload, "EXIT")', {"exit"}),
        # operators: NOT before OR before AND, and AND may be left out
        ("failed OR exit AND severity=WARNING", {"exit"}),
        ("failed OR (exit AND severity=WARNING)", {"line", "exit"}),
        ("severity=WARNING exit\n-- and\n-failed", {"exit"}),
        ("NOT failed OR boot", EVERYTHING),
        ("failed and boot", set()),
        ("severity = WARNING", {"exit"}),
        ("(((severity=WARNING)))", {"exit"}),
    ],
)
def test_a_filter_finds_what_google_says_it_finds(query: str, names: set[str]) -> None:
    assert found(query) == names


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("thud=1", "Field not found: 'thud' at line 1, column 1"),
        ("operation.thud=1", "Field not found: 'operation.thud'"),
        ("textPayload.thud=1", "Field not found: 'textPayload.thud'"),
        ("a\n severity>=FOO", "Not a number: 'FOO' at line 2, column 2, token 'severity>=FOO'"),
        ('timestamp>"yesterday"', "Not a time: 'yesterday'"),
        ('timestamp>"2025-13-01"', "month"),
        ("httpRequest.latency>3", "Not a duration: '3'"),
        ("httpRequest.status=abc", "Not a number: 'abc'"),
        ("labels=x", "name one key"),
        ("severity>=", "line 1, column 11, end of the filter"),
        ("(a", "missing ')' at line 1, column 3, end of the filter"),
        ("a)", "column 2, token ')'"),
        ("a AND AND b", "column 7, token 'AND'"),
        ("a OR", "end of the filter"),
        ("NOT", "end of the filter"),
        ('"abc', "column 1"),
        ("insertId=abc:def", "column 13, token ':def'"),
        ("textPayload:foo*", "column 16, token '*'"),
        ("textPayload='x'", "column 13"),
        ("labels.a/b=1", "quote a part"),
        ('textPayload=~"("', "Invalid regular expression '('"),
        ('textPayload=~"(a+)+$"', "does not run this regular expression"),
        ('textPayload=~"[[:alpha:]]"', "does not run this regular expression"),
        ("sample(insertId, 0.5)", "sample()"),
        ("SEARCH(thud, x)", "Field not found: 'thud'"),
        ("(" * 5000, "nested too deeply"),
        ("NOT " * 5000, "nested too deeply"),
        ("-" + "x" * LONGEST, "longer than 20,000 characters"),
    ],
)
def test_a_bad_filter_is_refused_with_the_place(query: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        compile_filter(query)

    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert words in caught.value.message


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comparison, and a naive reading of it."""

    tree: Tree
    holds: Callable[[Any], bool]


LEAVES = [
    Leaf(Compare(("severity",), ">=", "ERROR", quoted=False), lambda entry: entry.severity >= 500),
    Leaf(
        Compare(("textPayload",), ":", 'a "b"\\', quoted=True), lambda entry: 'a "b"\\' in entry.text_payload
    ),
    Leaf(
        Compare(("labels", "a.b/c"), "!=", "1", quoted=True),
        lambda entry: entry.labels.get("a.b/c", "1") != "1",
    ),
    Leaf(Compare(("httpRequest", "status"), "<", "400", quoted=False), lambda e: e.http_request.status < 400),
    Leaf(
        Compare(("jsonPayload", "n"), "=", "-1.5", quoted=False),
        lambda entry: "n" in entry.json_payload and entry.json_payload["n"] == -1.5,
    ),
    Leaf(Compare(("trace",), ":", "*", quoted=False), lambda entry: entry.trace != ""),
    Leaf(Text("b"), lambda entry: any("b" in text for text in (entry.text_payload, *entry.labels.values()))),
]
LEAF_OF = {leaf.tree: leaf for leaf in LEAVES}
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from([leaf.tree for leaf in LEAVES]),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)


@st.composite
def an_entry(draw: st.DrawFn) -> Any:  # noqa: ANN401
    entry = entries.Entry(
        severity=draw(st.sampled_from([0, 200, 500])), trace=draw(st.sampled_from(["", "t"]))
    )
    entry.http_request.status = draw(st.sampled_from([0, 200, 500]))
    entry.labels.update(draw(st.dictionaries(st.just("a.b/c"), st.sampled_from(["0", "1", "b"]))))
    if draw(st.booleans()):
        entry.json_payload["n"] = draw(st.sampled_from([-1.5, 2]))
    else:
        entry.text_payload = draw(st.sampled_from(["", 'A "B"\\', "x"])).lower()
    return entry


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render(tree: Tree, *, loosely: bool = False) -> str:
    match tree:
        case Compare(path, op, value, quoted):
            return ".".join(map(quote, path)) + op + (quote(value) if quoted else value)
        case Text(value):
            return quote(value)
        case Not(part):
            return ("-" if loosely else "NOT ") + f"({render(part, loosely=loosely)})"
        case And(parts):
            return ("\n" if loosely else " AND ").join(f"({render(part, loosely=loosely)})" for part in parts)
        case Or(parts):
            return " OR ".join(f"({render(part, loosely=loosely)})" for part in parts)
    raise AssertionError(tree)


def naive(tree: Tree, entry: Any) -> bool:  # noqa: ANN401
    match tree:
        case Not(part):
            return operator.not_(naive(part, entry))
        case And(parts):
            return all(naive(part, entry) for part in parts)
        case Or(parts):
            return any(naive(part, entry) for part in parts)
    return LEAF_OF[tree].holds(entry)


@given(TREES, st.booleans())
def test_a_tree_that_is_written_down_is_read_back(tree: Tree, loosely: bool) -> None:  # noqa: FBT001
    assert parse(render(tree, loosely=loosely)) == tree


@given(TREES, an_entry())
def test_a_filter_means_what_a_naive_reading_of_it_means(tree: Tree, entry: Any) -> None:  # noqa: ANN401
    assert compile_filter(render(tree))(entry) is naive(tree, entry)


@given(st.text("ab()\"\\ -:=*.~!<>\n'NOTANDOR,", max_size=40))
def test_a_text_is_a_filter_or_a_problem_and_nothing_else(query: str) -> None:
    with suppress(Problem):
        compile_filter(query)
