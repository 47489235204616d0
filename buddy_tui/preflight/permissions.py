"""preflight: whether we may do every later step: upload, build, roll out, and run as the service's account."""

from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, listed, seen

# Often granted on a bucket or a repository alone, and then not on the project that is asked.
_ON_RESOURCES = ("storage.", "artifactregistry.")


def permissions(facts: Facts) -> Check:
    """Fail on a permission that is missing; what nobody could ask about is said, and is no pass."""
    target = facts.target
    if target.granted is None or not target.wanted:
        return Check("permissions", Verdict.SKIPPED, target.trouble or "No project was looked at.")
    untold = [one for one in target.wanted if one in target.untold]
    missing = [one for one in target.wanted if one not in target.granted and one not in target.untold]
    if missing:
        surely = any(not one.startswith(_ON_RESOURCES) for one in missing)
        project = target.name.project if target.name else "this project"
        return Check(
            "permissions",
            Verdict.FAIL if surely else Verdict.WARN,
            f"You lack {listed(missing)} on {project}"
            + ("." if surely else ", unless the bucket or the repository itself grants it."),
            "Ask for roles/run.sourceDeveloper, and for roles/iam.serviceAccountUser on the service's account.",
            bounded([seen(f"not granted: {one}") for one in missing]),
        )
    if untold:
        return Check(
            "permissions",
            Verdict.SKIPPED,
            f"It cannot be told whether you have {listed(untold)}; all others are there.",
            evidence=bounded([seen(f"not known: {one}") for one in untold]),
        )
    return Check("permissions", Verdict.PASS, f"All {counted(len(target.wanted), 'permission')} are there.")
