"""verify: who has the traffic, and whether sessions of the last good revision are still there. Pure."""

from datetime import datetime

from buddy_tui.model import Revision, Service
from buddy_tui.sessions.audit import kept_in_words
from buddy_tui.sessions.values import Audit
from buddy_tui.traffic import in_words, truth
from buddy_tui.verify.plan import answer
from buddy_tui.verify.values import Answered, Line


def all_traffic(service: Service, revision: Revision, at: datetime) -> Line:
    """Tell by the effective traffic, not by what was asked for."""
    told = truth(service, ())
    evidence = f"Effective: {in_words(told.effective)}."
    if service.reconciling:
        moving = f"{evidence} Cloud Run is still at work on the last change."
        return answer("all-traffic", Answered.UNKNOWN, moving, "snapshot", at)
    percent = sum(share.percent for share in told.effective if share.revision == revision.name)
    return answer("all-traffic", Answered.YES if percent == 100 else Answered.NO, evidence, "snapshot", at)


def no_data_loss(audited: Audit, revision: Revision, good: Revision | None) -> Line:
    """Tell whether sessions of the last good revision are there, and whether fewer are written since this one began."""

    def told(answered: Answered, evidence: str) -> Line:
        return answer("no-data-loss", answered, evidence, "firestore", audited.as_of)

    if audited.trouble is not None:
        return told(Answered.UNKNOWN, audited.trouble.sentence)
    if good is None:
        return told(Answered.UNKNOWN, f"No revision before {revision.name} ever worked.")
    kept = next((one for one in audited.kept if one.revision == good.name), None)
    there = kept_in_words(kept) if kept else _none_of(audited, good)
    if fell := next((one for one in audited.fell if f" {revision.name} " in one), ""):
        return told(Answered.NO, f"{fell} {there}")
    guess = " They are told apart by time, which is a guess." if audited.attributed == "time" else ""
    doubt = " That none was deleted is not proved by that." if kept else ""
    return told(Answered.YES if kept else Answered.UNKNOWN, f"{there}{guess}{doubt}")


def _none_of(audited: Audit, good: Revision) -> str:
    if not audited.read:
        return f"There are no sessions in {audited.place}; if they are elsewhere, [session] in buddy.toml says where."
    among = f"the newest {audited.read:,}" if audited.cut else f"all {audited.read:,}"
    return f"No session of {good.name} is among {among} that were read in {audited.place}."
