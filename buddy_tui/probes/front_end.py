"""probes: Google's own answers, told from the application's. Pure.

Cloud Run's front end answers in the application's place when a request may not come in, and when no instance takes
it. Its pages are those that public reports show (401, 403, 404, 429, 5xx); Google promises none of them. That an
application could send the same page is accepted: nobody gains by it.
"""

import re
from dataclasses import dataclass

from buddy_tui.probes import fixes
from buddy_tui.probes.values import Answer, Refusal, Target, Verdict

_HEAD = 4096
# The page with `<h1>Error: …</h1>` is Cloud Run's, the one with the robot is that of an address which leads nowhere.
_PAGE = re.compile(
    rb"<body text=#000000 bgcolor=#ffffff>\s*<h1>Error: [^<]*</h1>\s*<h2>(.*?)</h2>", re.DOTALL
)
_ROBOT = re.compile(rb"<title>Error \d{3} \([^<]*\)!!1</title>")
# What stands before the front end writes this header to whatever it answers itself (Identity-Aware Proxy's guide).
_PROXY = "x-goog-iap-generated-response"
_IMPERSONATE = "gcloud auth application-default login --impersonate-service-account=SERVICE_ACCOUNT"
_SERVER_TROUBLE = (
    ("not available yet", "no instance of the revision was ready to take the request"),
    ("timeout", "the revision took longer than a request may"),
    ("", "the revision's instance broke the connection or is gone"),
)


@dataclass(frozen=True, slots=True)
class Pass:
    """How a request identified itself: with a token or without, the account in it, and why there was none.

    `trouble` and `hint` are those of the error with which the token could not be had.
    """

    token: str = ""
    email: str = ""
    trouble: str = ""
    hint: str = ""


def refusal_of(target: Target, answer: Answer, shown: Pass) -> tuple[Refusal, str, str] | None:
    """Return why the front end kept a request from the application, a sentence, and the way out; `None` if it did not."""
    if any(name == _PROXY for name, _ in answer.headers):
        reason = "Identity-Aware Proxy stands before the service and does not take a token of Cloud Run's."
        return Refusal.UNAUTHENTICATED, reason, ""
    if answer.status not in {401, 403, 404} or (page := _page(answer)) is None:
        return None
    if answer.status == 404:
        return _not_found(target)
    if answer.status == 403 and "organization" in page:
        reason = "An organisation policy or a VPC Service Controls perimeter keeps the request out (403)."
        return Refusal.ORGANISATION_POLICY, reason, ""
    if answer.status == 403 and "Access is forbidden" in page:
        return _ingress(target)
    return _not_let_in(target, answer.status, shown)


def failure_of(answer: Answer) -> tuple[Verdict, str] | None:
    """Return what it means that no instance took a request; `None` when one did.

    Being full is no evidence about the revision's health, and leaves the question open.
    """
    page = _page(answer)
    if answer.status == 429 and (page is not None or answer.body[:_HEAD].strip() == b"Rate exceeded."):
        return Verdict.INCONCLUSIVE, "429 from Google's front end: every instance is busy, at their maximum"
    if answer.status < 500 or page is None:
        return None
    meaning = next(words for said, words in _SERVER_TROUBLE if said in page)
    return Verdict.FAIL, f"{answer.status} from Google's front end: {meaning}"


def _page(answer: Answer) -> str | None:
    """Return what a page of the front end says, `None` for anything else."""
    head = answer.body[:_HEAD]
    if found := _PAGE.search(head):
        return found[1].decode("utf-8", "replace")
    return "" if _ROBOT.search(head) else None


def _not_found(target: Target) -> tuple[Refusal, str, str]:
    if target.ingress != "all":
        return _ingress(target)
    reason = (
        "Google's front end knows no such address (404): the tag is new or was just removed, "
        "or Cloud Run keeps the path for itself, as it does with some that end in z."
    )
    return Refusal.NO_ADDRESS, reason, ""


def _ingress(target: Target) -> tuple[Refusal, str, str]:
    reason = f"The service takes no requests from here: its ingress is {target.ingress}. Ask from inside its network."
    return Refusal.INGRESS, reason, ""


def _not_let_in(target: Target, status: int, shown: Pass) -> tuple[Refusal, str, str]:
    if shown.trouble:
        reason = f"The service is private, and there is no identity token: {shown.trouble}"
        return Refusal.NO_TOKEN, reason, shown.hint
    if status == 401:
        reason = f"The front end does not accept the identity token for {target.audience} (401)."
        return Refusal.UNAUTHENTICATED, reason, _IMPERSONATE
    who = shown.email or "This identity"
    fix = fixes.allow_invoker(target.service, shown.email) if target.service else ""
    return (
        Refusal.NOT_INVOKER,
        f"{who} may not send requests to the service: it lacks run.routes.invoke (403).",
        fix,
    )
