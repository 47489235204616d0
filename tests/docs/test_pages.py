"""README and docs/: their commands parse, their keys exist, their links lead somewhere, their lists are whole."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from cyclopts import CycloptsError

from buddy_tui import toml_file
from buddy_tui.cli.parser import _app, print_help
from buddy_tui.cli.verbs import VERBS
from buddy_tui.doctor.checks import CHECKS
from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.scenarios.buddy_fixes import fixes
from buddy_tui.emulator.stories import STORIES
from buddy_tui.errors import ExitCode
from buddy_tui.question import SessionPlan
from tests.docs import keys

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
_BLOCKS = re.compile(r"^```.*?^```\n", re.DOTALL | re.MULTILINE)
_LAST = ">|;&"


def _read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _commands(page: str) -> Iterator[list[str]]:
    """Yield the arguments of each buddy-tui in a page, in code of its own or within a line."""
    text = _BLOCKS.sub("", _read(page))
    for line in (*re.findall(r"^ {4}(.+)$", text, re.MULTILINE), *re.findall(r"`(buddy-tui [^`]+)`", text)):
        words = list(_lexed(line))
        while "buddy-tui" in words:
            words = words[words.index("buddy-tui") + 1 :]
            end = next((at for at, word in enumerate(words) if set(word) <= set(_LAST)), len(words))
            yield words[:end]
            words = words[words.index("--") + 1 :] if "--" in words[:end] else words[end:]


def _lexed(line: str) -> shlex.shlex:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=_LAST)
    lexer.whitespace_split = True
    return lexer


COMMANDS = sorted({(page, shlex.join(words)) for page in PAGES for words in _commands(page)})


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_every_command_of_the_pages_can_be_given(page: str, command: str) -> None:
    try:
        _app().parse_args(shlex.split(command), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        pytest.fail(f"{page}: buddy-tui {command}: {error}")


def test_every_verb_is_told_of() -> None:
    told = {command.split()[0] for _, command in COMMANDS if command}

    assert {verb.name for verb in VERBS} - told == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_key_of_the_pages_exists(page: str) -> None:
    there = set(re.findall(r"`([^`]+)`", "\n".join(_keys_of(keys.page()))))
    text = _BLOCKS.sub("", _read(page))
    named = set(re.findall(r"`([^`\s]|ctrl\+.|enter|esc|space|tab)`", text))

    assert named - there == set()


def _keys_of(page: str) -> list[str]:
    return [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_the_pages_leads_somewhere(page: str) -> None:
    lost = []
    for link in re.findall(r"\]\(([^):]+)\)", _read(page)):
        path, _, heading = link.partition("#")
        there = (ROOT / page).parent / path
        if not there.exists() or (heading and heading not in _anchors(there)):
            lost.append(link)

    assert lost == []


def _anchors(page: Path) -> set[str]:
    """Return the names that a page's headings have in links, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_every_page_and_every_picture_is_linked() -> None:
    linked = {
        ((ROOT / page).parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in re.findall(r"\]\(([^):]+)\)", _read(page))
    }
    there = {*(ROOT / page for page in PAGES), *(ROOT / "docs").glob("*.svg")}

    assert there - linked == {ROOT / "README.md"} - linked


@pytest.mark.parametrize("page", ["README.md", "docs/configuration.md"])
def test_the_settings_of_a_page_can_be_used(page: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", _read(page), re.DOTALL)
    (tmp_path / "buddy.toml").write_text("\n".join(blocks), encoding="utf-8")

    contents = toml_file.read(tmp_path / "buddy.toml")

    assert contents.questions
    assert contents.session is not None


def test_the_whole_of_buddy_toml_is_told() -> None:
    told = tomllib.loads(
        "\n".join(re.findall(r"```toml\n(.*?)```", _read("docs/configuration.md"), re.DOTALL))
    )

    tops = set(toml_file._Top.__struct_fields__) - {"region"}
    assert tops - told.keys() == set()
    assert set(toml_file._Release.__struct_fields__) - told["release"].keys() == set()
    assert {one.name for one in fields(SessionPlan)} - told["session"].keys() == set()
    assert {"name", "method", "path", "json", "headers", "expect", "timeout", "critical"} <= told["probe"][
        0
    ].keys()


def test_every_schema_is_told_with_the_verbs_that_print_it(capsys: pytest.CaptureFixture[str]) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "buddy_tui").rglob("*.py"))
    page = _read("docs/scripting.md")
    rows = dict(re.findall(r"^\| `(buddy\.\w+/\d)` \| (.+) \|$", page, re.MULTILINE))

    assert (
        set(re.findall(r'"(buddy\.\w+/\d+)"', source)) - set(re.findall(r"`(buddy\.\w+/\d+)`", page)) == set()
    )
    for schema, verbs in rows.items():
        for verb in re.findall(r"`([\w-]+) --", verbs):
            capsys.readouterr()
            print_help(verb)
            assert schema in " ".join(capsys.readouterr().out.split()), (schema, verb)


def test_every_exit_code_story_fault_and_check_is_told() -> None:
    emulator, doctor = _read("docs/emulator.md"), _read("docs/doctor.md")
    codes = re.findall(r"^\| (\d+) \|", _read("docs/scripting.md"), re.MULTILINE)

    assert codes == [str(int(one)) for one in ExitCode]
    assert [one.name for one in STORIES if f"| `{one.name}` | {one.sentence} |" not in emulator] == []
    assert [one.name for one in fields(Faults) if f"`{one.name}`" not in emulator] == ["random"]
    assert [one.name for one in CHECKS if not re.search(rf"[ |,]{one.name}[ ,]", doctor)] == []


def test_what_gcloud_prints_of_the_demo_is_the_story() -> None:
    listed = re.findall(r"^[X✔]  buddy-app-(\S+) .* (\S+ \S+) UTC ", _read("docs/emulator.md"), re.MULTILINE)
    deployed = [(one.revision, f"{one.at:%Y-%m-%d %H:%M:%S}") for one in fixes(tree.read(workload.BUDDY))]

    assert listed[:-1] == deployed[::-1]


def test_the_table_of_keys_is_that_of_the_screens() -> None:
    told = {owner for place in (*keys.COMMON, *keys.PLACES) for owner in place.owners}

    assert keys.screens_there() - told - keys.WITHOUT == set()
    assert keys.PAGE.read_text(encoding="utf-8") == keys.page(), "python -m tests.docs.keys"
