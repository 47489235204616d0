"""rules: a module that is not there, four ways: above the upload, left out, put elsewhere, or never declared.

Each answer wants proof: the archive that was uploaded, the last good one beside it, the project on disk.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from buddy_tui.finding import Cause, Confidence, Finding, Quote
from buddy_tui.model import Revision, SourceTree
from buddy_tui.rules import trees
from buddy_tui.rules.distributions import distribution_of
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.trees import Ignored

# gcloud uploads to a bucket of this name.
_BUCKET = re.compile(r"gs://run-sources-(?P<project>.+)-(?P<region>[a-z]+-[a-z]+\d+)/")
_IGNORES = (".gcloudignore", ".gitignore", ".dockerignore")


def deepened(finding: Finding, evidence: Evidence) -> Finding:
    """Return the finding with the proof that source trees give, or as it is when they give none.

    Only a missing module is looked into. What the trees prove wins over what a log suggests; a listing that was cut
    short cannot prove that something is missing.
    """
    if finding.cause not in {Cause.LOCAL_MODULE_MISSING, Cause.THIRD_PARTY_MISSING} or not finding.missing:
        return finding
    if evidence.sources.uploaded is not None and evidence.sources.uploaded.cut:
        return finding
    for answer in (_above_the_upload, _left_out, _put_elsewhere, _never_declared):
        if found := answer(finding, evidence):
            return found
    return finding


def deploy_command(revision: Revision | None, source: str = ".") -> str:
    """Return the gcloud command that deploys from here without traffic; what is not known is in capitals."""
    found = _BUCKET.match(revision.source) if revision else None
    command = [
        "gcloud",
        "run",
        "deploy",
        (revision.service if revision else "") or "SERVICE",
        "--source",
        source,
    ]
    command += [f"--region={found['region'] if found else 'REGION'}"]
    command += [f"--project={found['project'] if found else 'PROJECT'}", "--no-traffic", "--tag=candidate"]
    return shlex.join(command)


def _above_the_upload(finding: Finding, evidence: Evidence) -> Finding | None:
    """Answer 1: what was uploaded is a folder of the project, and the module is found only from above it."""
    uploaded = evidence.sources.uploaded
    if uploaded is None or trees.has_module(uploaded, finding.missing):
        return None
    for whole, whose in _wholes(evidence):
        folder = trees.folder_in(uploaded, whole)
        roots = trees.roots_of(whole, finding.missing)
        above = [root for root in roots if root != folder and f"{folder}/".startswith(f"{root}/".lstrip("/"))]
        if folder and above:
            return _wrong_folder(finding, evidence, folder, above[-1], whose)
    return None


def _wrong_folder(finding: Finding, evidence: Evidence, folder: str, root: str, whose: str) -> Finding:
    uploaded = evidence.sources.uploaded
    where = f"{root}/" if root else "the project's root"
    count = len(uploaded.paths) if uploaded else 0
    inside = folder.removeprefix(root).strip("/").partition("/")[0]
    up = "/".join([".."] * (folder.removeprefix(root).strip("/").count("/") + 1))
    return replace(
        finding,
        cause=Cause.LOCAL_MODULE_MISSING,
        confidence=Confidence.CERTAIN,
        short=f"uploaded from {folder}/",
        summary=f"The wrong folder was uploaded: {folder}/ itself, so that {finding.missing} lies above it; "
        "the code is fine.",
        fix=(
            deploy_command(evidence.revision),
            f"run it in {where}, the folder that holds {inside}/ (from {folder}/: cd {up})",
        ),
        evidence=(
            *finding.evidence,
            Quote(f"{count} files were uploaded, and none of them is {finding.missing.replace('.', '/')}"),
            Quote(
                f"the same files lie in {folder}/ of {whose}, where {finding.missing} is found from {where}"
            ),
        ),
        uncertain=(),
    )


def _left_out(finding: Finding, evidence: Evidence) -> Finding | None:
    """Answer 2: an ignore file keeps it out of the upload, or out of the image."""
    path = finding.missing.replace(".", "/")
    uploaded = evidence.sources.uploaded
    if uploaded is None:
        return None
    if trees.has_module(uploaded, finding.missing):
        inside = next((name for name in uploaded.paths if name.startswith((f"{path}/", f"{path}."))), path)
        rule = trees.ignored(uploaded, inside, ".dockerignore")
        return _excluded(finding, rule, "from the image") if rule else None
    for whole, whose in _wholes(evidence):
        if not (trees.has_module(whole, finding.missing) and trees.holds(whole, uploaded)):
            continue
        inside = next(name for name in whole.paths if name.startswith((f"{path}/", f"{path}.")))
        rule = trees.ignored(uploaded, inside, *_IGNORES) or trees.ignored(whole, inside, *_IGNORES)
        if rule:
            return _excluded(finding, rule, f"from the upload, though it is in {whose}")
    return None


def _excluded(finding: Finding, rule: Ignored, from_what: str) -> Finding:
    return replace(
        finding,
        cause=Cause.LOCAL_MODULE_MISSING,
        confidence=Confidence.CERTAIN,
        short=f"left out by {rule.file}",
        summary=f"{rule.file} leaves {rule.path} out {from_what}: line {rule.number}, {rule.pattern}.",
        fix=(
            f"delete line {rule.number} of {rule.file} ({rule.pattern}), or add below it: !/{rule.path}",
            "gcloud meta list-files-for-upload  # says what would be uploaded",
        ),
        evidence=(*finding.evidence, Quote(f"{rule.file}:{rule.number}: {rule.pattern}")),
        uncertain=(),
    )


def _put_elsewhere(finding: Finding, evidence: Evidence) -> Finding | None:
    """Answer 3: it was uploaded, and the Dockerfile puts it where the process does not look."""
    uploaded = evidence.sources.uploaded
    plan = trees.layout(uploaded) if uploaded else None
    if uploaded is None or plan is None:
        return None
    looked = {plan.workdir, *plan.pythonpath, *_extra_paths(plan)}
    roots = trees.roots_of(uploaded, finding.missing)
    places = [(root, place) for root in roots for place in trees.lands_in(plan, root)]
    if not places or any(place in looked for _, place in places):
        return None
    root, place = places[0]
    return replace(
        finding,
        cause=Cause.LOCAL_MODULE_MISSING,
        confidence=Confidence.LIKELY,
        short=f"starts in {plan.workdir}, lies in {place}",
        summary=f"The Dockerfile puts {finding.missing} into {place}, and the process starts in {plan.workdir}.",
        fix=(
            f"Dockerfile: WORKDIR {place}",
            f"or keep {plan.workdir} and add: ENV PYTHONPATH={place}",
            deploy_command(evidence.revision),
        ),
        evidence=(
            *finding.evidence,
            Quote(f"{root or 'the top'} of the upload holds {finding.missing.replace('.', '/')}"),
            *(Quote(f"Dockerfile: copies {source or '.'} to {target}") for source, target in plan.copies),
            Quote(f"Dockerfile: starts in {plan.workdir}: {plan.command}"),
        ),
        uncertain=("Whether the base image or the command changes sys.path is not known.",),
    )


def _extra_paths(plan: trees.Layout) -> Iterator[str]:
    for found in re.finditer(r"--(?:app-dir|chdir|pythonpath)[= \",]+([^\s\",\]]+)", plan.command):
        path = found[1].rstrip("/")
        yield (
            path
            if path.startswith("/")
            else f"{plan.workdir.rstrip('/')}/{path.removeprefix('./')}".rstrip("/.")
        )


def _never_declared(finding: Finding, evidence: Evidence) -> Finding | None:
    """Answer 4: it is in no source tree, and no file declares it."""
    uploaded = evidence.sources.uploaded
    top = finding.missing.partition(".")[0]
    if uploaded is None or trees.roots_of(uploaded, top) or not trees.has_requirements(uploaded):
        return None
    if any(whole.cut or trees.roots_of(whole, top) for whole, _ in _wholes(evidence)):
        return None
    name = distribution_of(finding.missing)
    if file := trees.declared(uploaded, name):
        return replace(
            finding,
            cause=Cause.THIRD_PARTY_MISSING,
            confidence=Confidence.LIKELY,
            summary=f"{name} is declared in {file}, and still it is not in the image.",
            fix=(f"Dockerfile: install {file} in the stage that is started", *finding.fix),
            evidence=(*finding.evidence, Quote(f"{file} names {name}")),
        )
    files = ", ".join(path for path, _ in uploaded.texts if trees.declares(path))
    return replace(
        finding,
        cause=Cause.THIRD_PARTY_MISSING,
        confidence=Confidence.CERTAIN if finding.confidence is not Confidence.UNSURE else Confidence.LIKELY,
        short=f"{name} is declared nowhere",
        summary=f"{finding.missing} is a dependency that nobody declared: no file of the project is called so, and "
        f"{files} does not name {name}.",
        fix=(f"add to {files.partition(',')[0]}: {name}", deploy_command(evidence.revision)),
        evidence=(*finding.evidence, Quote(f"{files}: no {name}")),
        uncertain=(),
    )


def _wholes(evidence: Evidence) -> Iterator[tuple[SourceTree, str]]:
    """Yield what may be the whole project, and whose tree it is."""
    if evidence.sources.good is not None:
        yield evidence.sources.good, f"what {evidence.sources.good_revision} was built from"
    if evidence.sources.disk is not None:
        yield evidence.sources.disk, "the project on this disk"
