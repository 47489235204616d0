"""preflight: what makes the upload large, and need not be there."""

from collections import Counter

from buddy_tui.clean import clean_line
from buddy_tui.preflight.commands import leave_out
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import bounded, bytes_of, counted, listed, seen
from buddy_tui.source.values import At

# A file so large is seldom source; an upload so large takes minutes on a slow line.
_LARGE = 25_000_000
_MUCH = 250_000_000
# Folders that tools make and that a build makes anew.
_MADE = frozenset(
    {
        ".git",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".tox",
        ".terraform",
    }
)
# Below this a made folder is no matter.
_MANY = 200


def large_files(facts: Facts) -> Check:
    """Warn of large files, of folders that tools made, and of an upload that is large as a whole."""
    upload = facts.upload
    large = sorted((one for one in upload.files if one.size >= _LARGE), key=lambda one: -one.size)
    made = _made(facts)
    evidence: list[Evidence] = [seen(bytes_of(one.size), At(one.path)) for one in large]
    evidence += [seen(counted(count, "file"), At(folder)) for folder, count in made.items()]
    told = f"{counted(len(upload.files), 'file')}, {bytes_of(upload.size)}"
    if upload.cut:
        return Check(
            "large-files",
            Verdict.WARN,
            f"More than {told}: the rest was not looked at.",
            "Deploy from the project's folder, and leave out what the service does not need.",
            bounded(evidence),
        )
    if not evidence and upload.size < _MUCH:
        return Check("large-files", Verdict.PASS, f"The upload is {told}.")
    names = [*(clean_line(one.path) for one in large), *made]
    return Check(
        "large-files",
        Verdict.WARN,
        f"The upload is {told}{', with ' if names else ''}{listed(names)}.",
        leave_out(facts, names),
        bounded(evidence),
    )


def _made(facts: Facts) -> dict[str, int]:
    """Return folders that tools make, outermost, with the number of files in each where it is worth a word."""
    counts: Counter[str] = Counter()
    for one in facts.upload.files:
        parts = one.path.split("/")[:-1]
        depth = next((depth for depth, part in enumerate(parts, 1) if part in _MADE), 0)
        if depth:
            counts["/".join(parts[:depth]) + "/"] += 1
    return {folder: count for folder, count in sorted(counts.items()) if count >= _MANY}
