"""preflight: whether the image is made for Cloud Run's processors."""

import re

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import line_at, seen
from buddy_tui.source.values import At

# Cloud Run runs 64-bit x86 executables (its container runtime contract).
_FITTING = re.compile(r"(?:linux/)?(?:amd64|x86_64)(?:/.*)?", re.IGNORECASE)
_FOREIGN = re.compile(r"(?:linux/)?(?:arm|aarch64|386|ppc64|s390x|riscv|mips)|windows", re.IGNORECASE)


def architecture(facts: Facts) -> Check:
    """Fail on `FROM --platform=linux/arm64` and its like."""
    platform = facts.image.platform
    if not _FOREIGN.match(platform):
        said = (
            f"asks for {clean_line(platform)}"
            if _FITTING.fullmatch(platform)
            else "asks for no other platform"
        )
        return Check("architecture", Verdict.PASS, f"The image {said}: it is built for linux/amd64.")
    at = _place(facts)
    return Check(
        "architecture",
        Verdict.FAIL,
        f"The image is made for {clean_line(platform)}, and Cloud Run runs linux/amd64: it would end with "
        '"exec format error".',
        "FROM --platform=linux/amd64 ...",
        (seen(line_at(facts, at) or f"--platform={platform}", at),),
    )


def _place(facts: Facts) -> At:
    lines = facts.texts.get(facts.image.file, "").splitlines()
    numbers = [
        number
        for number, line in enumerate(lines, 1)
        if line.lstrip().upper().startswith("FROM") and facts.image.platform in line
    ]
    return At(facts.image.file, numbers[-1]) if numbers else At(facts.image.file)
