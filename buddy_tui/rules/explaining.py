"""rules: all of them, in the order in which they are asked, and the finding that comes of it."""

from collections.abc import Callable
from dataclasses import replace

from buddy_tui.boot.timeline import decisive
from buddy_tui.boot.values import Boot, Reading
from buddy_tui.finding import Confidence, Finding
from buddy_tui.model import Revision, Sources
from buddy_tui.rules import (
    code,
    credentials,
    database,
    environment,
    files,
    image,
    imports,
    names,
    native,
    permissions,
    process,
    shadows,
    sockets,
    startup,
    targets,
    verdict,
)
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.source_root import deepened

# Who is not certain says why; a rule that knows no more particular doubt has this one.
_DOUBT = "Nothing in the log rules out another cause."

_LONE = (
    "The exception's last line stands alone: where it was raised, and whether anybody caught it, is not told."
)

_ABOVE = "The exception stands above its frames: it may be the end of another traceback."

RULES: tuple[Callable[[Evidence], Finding | None], ...] = (
    startup.wrong_worker_class,
    verdict.booted,
    image.image_not_found,
    image.image_permission,
    image.secret_permission,
    code.syntax_error,
    native.binary_incompatibility,
    native.shared_object_missing,
    shadows.module_shadowed,
    names.circular_import,
    names.import_name_missing,
    targets.app_target_missing,
    imports.third_party_missing,
    imports.local_module_missing,
    process.exec_format,
    process.entrypoint_not_found,
    environment.env_missing,
    environment.env_invalid,
    credentials.credentials,
    database.database_at_startup,
    files.config_file_missing,
    permissions.permission_denied,
    sockets.port_in_use,
    process.out_of_memory,
    startup.slow_start,
    code.error_at_import,
    startup.respawn_loop,
    process.exited_zero,
    process.killed_by_signal,
    sockets.loopback_bind,
    sockets.port_mismatch,
    sockets.probe_misconfigured,
    sockets.never_listened,
    verdict.no_output,
    verdict.incomplete,
)


def explain(reading: Reading, revision: Revision | None = None, sources: Sources = Sources()) -> Finding:  # noqa: B008 - a frozen value
    """Name the cause of the boot that decides: that of `revision`, else the newest in the log.

    Deterministic and pure; never raises, whatever the log says. Without a rule that answers the cause is `unknown`.
    """
    name = revision.name if revision else ""
    boot = decisive(reading, name) or Boot(revision=name)
    evidence = Evidence(reading, boot, revision, sources)
    answers = (rule(evidence) for rule in RULES)
    finding = deepened(
        next((found for found in answers if found), None) or verdict.unknown(evidence), evidence
    )
    doubt = _LONE if _is_lone(boot) else _ABOVE if _stands_above(boot) else ""
    if finding.confidence is Confidence.CERTAIN and doubt:
        finding = replace(finding, confidence=Confidence.LIKELY, uncertain=(*finding.uncertain, doubt))
    if finding.confidence is not Confidence.CERTAIN and not finding.uncertain:
        finding = replace(finding, uncertain=(_DOUBT,))
    return replace(finding, revision=finding.revision or boot.revision or name)


def _is_lone(boot: Boot) -> bool:
    """Tell whether nothing but its last line is left of the traceback to blame."""
    return boot.fatal is not None and not any(raised.frames for raised in boot.fatal.chain)


def _stands_above(boot: Boot) -> bool:
    """Tell whether the exception to blame was written above the frames of an ordinary traceback."""
    root = boot.fatal.root if boot.fatal else None
    if root is None or root.at < 0 or not root.frames:
        return False
    first = min(frame.at for frame in root.frames)
    return root.at < first and 'File "' in boot.lines[first].text
