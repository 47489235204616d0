import pytest

from buddy_tui.source.imports import Read, Setting, read_imports
from buddy_tui.source.values import When

_SETTING = Setting("/app/pkg/main.py", "/app", "3.11")


def _read(text: str, setting: Setting = _SETTING) -> Read:
    return read_imports(text, setting)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        pytest.param("import x", When.START, id="at the top"),
        pytest.param("class A:\n    import x", When.START, id="in a class"),
        pytest.param("for one in (1, 2):\n    import x", When.START, id="in a loop"),
        pytest.param("def f():\n    import x", When.LATER, id="in a function"),
        pytest.param("async def f():\n    import x", When.LATER, id="in a coroutine"),
        pytest.param("class A:\n    def f(self):\n        import x", When.LATER, id="in a method"),
        pytest.param(
            "def f():\n    import x\napp = f()", When.START, id="in a function that is called at start"
        ),
        pytest.param("try:\n    import x\nexcept ImportError:\n    x = None", When.GUARDED, id="caught"),
        pytest.param(
            "try:\n    import x\nexcept ModuleNotFoundError:\n    pass",
            When.GUARDED,
            id="caught by its class",
        ),
        pytest.param(
            "try:\n    import x\nexcept (OSError, ImportError):\n    pass",
            When.GUARDED,
            id="caught in a tuple",
        ),
        pytest.param(
            "try:\n    import x\nexcept Exception:\n    pass", When.GUARDED, id="caught with all others"
        ),
        pytest.param("try:\n    import x\nexcept:\n    pass", When.GUARDED, id="caught with everything"),
        pytest.param(
            "try:\n    import x\nexcept OSError:\n    pass", When.START, id="something else is caught"
        ),
        pytest.param(
            "try:\n    import x\nexcept ImportError:\n    raise", When.START, id="caught and raised again"
        ),
        pytest.param(
            "try:\n    import x\nexcept ImportError as e:\n    print(e)\n    sys.exit(1)",
            When.START,
            id="ends",
        ),
        pytest.param(
            "try:\n    y()\nexcept ImportError:\n    import x", When.GUARDED, id="the second choice"
        ),
        pytest.param("with suppress(ImportError):\n    import x", When.GUARDED, id="suppressed"),
        pytest.param(
            "with contextlib.suppress(OSError):\n    import x", When.START, id="something else suppressed"
        ),
        pytest.param("if TYPE_CHECKING:\n    import x", When.TYPES, id="for types"),
        pytest.param("if typing.TYPE_CHECKING:\n    import x", When.TYPES, id="for types, by its module"),
        pytest.param("if not TYPE_CHECKING:\n    import x", When.START, id="not for types"),
        pytest.param(
            "if TYPE_CHECKING:\n    pass\nelse:\n    import x", When.START, id="otherwise than for types"
        ),
        pytest.param("if False:\n    import x", When.TYPES, id="never"),
        pytest.param("if sys.version_info >= (3, 12):\n    import x", When.TYPES, id="for a newer Python"),
        pytest.param("if sys.version_info < (3, 12):\n    import x", When.START, id="for this Python"),
        pytest.param("if sys.platform == 'win32':\n    import x", When.TYPES, id="for Windows"),
        pytest.param("if sys.platform.startswith('linux'):\n    import x", When.START, id="for Linux"),
        pytest.param("if os.name != 'nt':\n    import x", When.START, id="not for Windows"),
        pytest.param("if platform.system() == 'Darwin':\n    import x", When.TYPES, id="for macOS"),
        pytest.param("if DEBUG:\n    import x", When.GUARDED, id="under a condition that is not known"),
        pytest.param("if __name__ == '__main__':\n    import x", When.LATER, id="when run as a program"),
        pytest.param("importlib.import_module('x')", When.START, id="by name"),
        pytest.param("x = __import__('x')", When.START, id="by name, the old way"),
        pytest.param("def f():\n    return import_module('x')", When.LATER, id="by name in a function"),
    ],
)
def test_an_import_happens_when_its_place_says(text: str, when: When) -> None:
    told = {one.name: one.when for one in _read(text).statements}

    assert told == {"x": when}


@pytest.mark.parametrize(
    "text", ["import_module(f'{a}.b')", "import_module(name)", "from __future__ import annotations"]
)
def test_what_is_computed_or_no_module_is_not_told(text: str) -> None:
    assert _read(text).statements == ()


@pytest.mark.parametrize(
    "text",
    [
        "@import_module('x').wraps\ndef f():\n    return 1",
        "class A:\n    def f(self):\n        return 1\n\n    @staticmethod\n    def g():\n        import x",
        "def f():\n    y = 1\n    if y:\n        for z in y:\n            import x",
        "def f():\n    return (\n        1,\n        __import__('x'),\n    )",
        "match y:\n    case 1:\n        import x",
    ],
)
def test_an_import_is_found_wherever_it_stands(text: str) -> None:
    assert [one.name for one in _read(text).statements] == ["x"]


def test_the_names_of_a_match_are_those_of_its_patterns_and_not_of_texts() -> None:
    told = _read(
        "match x:\n    case [a, *b, {'k': c, **d}] as e:\n        pass\ny = '''\n  case odd\n  global words'''\n"
    )

    assert told.bound == {"a", "b", "c", "d", "e", "y"}


def test_a_program_runs_what_a_module_would_not() -> None:
    told = _read("if __name__ == '__main__':\n    import x", Setting("/app/main.py", main=True))

    assert told.statements[0].when is When.START


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("sys.path.insert(0, '/srv/lib')", "/srv/lib"),
        ("sys.path.append('lib')", "/app/lib"),
        ("sys.path.append(os.path.dirname(__file__))", "/app/pkg"),
        ("sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))", "/app"),
        ("sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'lib'))", "/app/lib"),
        ("sys.path.append(str(Path(__file__).resolve().parent.parent / 'lib'))", "/app/lib"),
        ("sys.path.append(str(Path(__file__).parents[1]))", "/app"),
        ("ROOT = Path(__file__).parent\nsys.path.append(str(ROOT / 'vendor'))", "/app/pkg/vendor"),
        ("here = os.getcwd()\nsys.path.append(f'{here}/lib')", "/app/lib"),
        ("sys.path += ['lib']", "/app/lib"),
        ("sys.path = ['lib'] + sys.path", "/app/lib"),
        ("sys.path.extend(['lib'])", "/app/lib"),
        ("site.addsitedir('lib')", "/app/lib"),
        ("if 'lib' not in sys.path:\n    sys.path.insert(0, 'lib')", "/app/lib"),
    ],
)
def test_a_plain_folder_on_the_path_is_followed(text: str, folder: str) -> None:
    told = _read(text)

    assert (told.folders, told.lost) == ((folder,), False)


def test_a_folder_that_is_computed_is_said_to_be_lost() -> None:
    assert _read("sys.path.append(os.environ['LIB'])").lost


def test_the_names_of_a_module_are_known_however_they_are_bound() -> None:
    told = _read(
        "import a.b, c as d\nfrom e import f, g as h\ni = j, k = 1, 2\nl: int = 3\n"
        "for m in ():\n    n = 1\nwith o() as p:\n    pass\nclass Q: r = 1\ndef s(): t = 1\n"
        "if (u := 1):\n    pass\ndef v():\n    global w\n    w = 1\n"
    )

    assert set("adfhijklmnpQsuvw") <= told.bound
    assert not {"b", "c", "g", "r", "t"} & told.bound


@pytest.mark.parametrize(
    "text",
    ["type X = int", "def f[T](x: T): ...", "class A[T]: ...", "x = f'{d[\"a\"]:{'b'}}'", "x = t'{a}'"],
)
def test_what_a_newer_python_may_read_is_no_trouble(text: str) -> None:
    assert _read(text).trouble == ""


@pytest.mark.parametrize(("text", "line"), [("x = 1\ndef f(:\n", 2), ("print 'x'", 1), ("if x:\ny", 2)])
def test_what_no_python_reads_is_told_with_its_line(text: str, line: int) -> None:
    told = _read(text)

    assert told.trouble
    assert told.line == line


@pytest.mark.parametrize("text", ["x = 1\0", "(" * 5000, "-" * 100_000 + "1"], ids=["null", "open", "deep"])
def test_a_hostile_text_is_trouble_and_no_crash(text: str) -> None:
    assert _read(text).trouble


def test_a_long_chain_of_branches_is_read_to_its_end() -> None:
    chain = "if a == 0: pass\n" + "".join(f"elif a == {n}: import m{n}\n" for n in range(1, 90))

    assert len(_read(chain).statements) == 89
