"""preflight: whether what is deployed can be found again in git."""

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, seen
from buddy_tui.source.values import At


def git(facts: Facts) -> Check:
    """Warn of changes that no commit has, and of commits that no other machine has."""
    state = facts.git
    if state.trouble:
        return Check("git", Verdict.SKIPPED, f"Git could not be asked: {state.trouble}")
    if not state.there:
        return Check(
            "git", Verdict.SKIPPED, "This is no git repository: nothing tells later what was deployed."
        )
    branch = clean_line(state.branch) or "no branch"
    said = []
    if state.dirty:
        said.append(f"{counted(len(state.dirty), 'file')} changed and not committed")
    if state.unpushed:
        said.append(f"{counted(state.unpushed, 'commit')} not pushed")
    if not said:
        return Check("git", Verdict.PASS, f"Everything is committed on {branch}.")
    return Check(
        "git",
        Verdict.WARN,
        f"On {branch}: {', '.join(said)}. What is deployed is found on this machine alone.",
        "git commit --all && git push" if state.dirty else "git push",
        bounded([seen("changed, not committed", At(path)) for path in state.dirty]),
    )
