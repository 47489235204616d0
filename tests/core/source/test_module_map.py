from pathlib import Path

from buddy_tui.source.module_map import module_map
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import Boot, Booted
from tests.core.source.laid_out import graph, tree

_SAMPLE = Path(__file__).parents[3] / "buddy_tui" / "emulator" / "workload" / "buddy"
_NOT_TRIED = Boot(Booted.NOT_TRIED)


def test_modules_are_sorted_by_how_much_the_entry_needs_them(tmp_path: Path) -> None:
    upload = tree(
        tmp_path,
        {
            "main.py": "import a\ntry:\n    import b\nexcept ImportError:\n    b = None\ndef f():\n    import c\n",
            "a.py": "",
            "b.py": "",
            "c.py": "",
        },
    )

    told = module_map(graph(upload), Boot(Booted.PASSED, times=(("a", 12.5),)))

    assert [one.name for one in told.essential] == ["main", "a"]
    assert [one.name for one in told.secondary] == ["b"]
    assert [one.name for one in told.optional] == ["c"]
    assert [one.milliseconds for one in told.essential] == [None, 12.5]


def test_the_deepest_chain_and_the_most_used_are_those_of_the_sample() -> None:
    told = module_map(graph(upload_set(_SAMPLE), "Back_End.main"), _NOT_TRIED)

    assert told.chain[0] == "Back_End.main"
    assert len(told.chain) == max(one.depth for one in told.essential) + 1
    assert told.most_used[0] == ("Back_End.session_model", 15)
    assert [one.name for one in told.optional] == ["Back_End.firestore_sessions"]


def test_a_heavy_dependency_of_one_module_is_advised_to_wait(tmp_path: Path) -> None:
    upload = tree(
        tmp_path, {"requirements.txt": "pandas\nuvicorn", "main.py": "import a", "a.py": "import pandas"}
    )
    boot = Boot(Booted.PASSED, times=(("pandas.core", 300.0), ("pandas", 100.0), ("a", 100.0)))

    (advice,) = module_map(graph(upload), boot).advice

    assert (advice.milliseconds, advice.at.path, advice.at.line) == (400.0, "a.py", 1)
    assert "400 ms" in advice.said
    assert "80 %" in advice.said


def test_nothing_is_advised_from_times_that_are_not_whole(tmp_path: Path) -> None:
    upload = tree(tmp_path, {"requirements.txt": "pandas\nuvicorn", "main.py": "import pandas"})

    assert module_map(graph(upload), Boot(Booted.FAILED, times=(("pandas", 900.0),))).advice == ()


def test_imports_that_name_their_own_package_are_counted_and_relative_ones_are_not(tmp_path: Path) -> None:
    upload = tree(
        tmp_path,
        {
            "p/__init__.py": "",
            "p/main.py": "import p.a\nfrom p import b\nfrom . import a\nfrom .b import x\n",
            "p/a.py": "",
            "p/b.py": "x = 1",
        },
    )

    (advice,) = module_map(graph(upload, "p.main"), _NOT_TRIED).advice

    assert advice.said.startswith("2 imports inside p name p itself")


def test_an_entry_that_is_not_found_has_an_empty_map(tmp_path: Path) -> None:
    told = module_map(graph(tree(tmp_path, {"a.py": ""}), "nowhere.main"), _NOT_TRIED)

    assert (told.essential, told.chain, told.advice) == ((), (), ())
