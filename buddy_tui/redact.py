"""What may not be repeated: names are told, values never.

A log is the operator's own and is shown as it was logged, in the boot log, `logs` and what is saved of them. All else that
repeats foreign text goes through here: what is concluded from a log or quoted as evidence, an answer to a probe, Google's
words, a reason that somebody typed, and whatever is written to a file.
"""

import re
from dataclasses import replace

from buddy_tui.finding import Finding

_WIDTH = 4000
_MASK = "***"
_CONFIDENTIAL = (
    r"[\w.-]{0,60}(?:passw(?:or)?d|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w.-]{0,60}"
)
_HEADER = r"(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,60}(?:key|token))"
_PARAMETER = r"(?:[\w.-]{0,60}(?:key|token|secret|passw(?:or)?d|signature|credential)|(?:oauth_?)?(?:code|sig|sid|jwt))"
# Those that tell by their beginning what they are: JWT, Google, GitHub, GitLab, Slack, Stripe and its like, AWS.
_KNOWN = (
    r"\beyJ[\w-]{8,}(?:\.[\w-]+)+|\bAIza[\w-]{30,}|\bya29\.[\w.-]{10,}|\bGOCSPX-[\w-]{10,}|\b1//0[\w-]{20,}"
    r"|\b(?:sk|pk|rk|gh[oprsu]|xox[abeprs])[-_][\w-]{16,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
)
# Code that asks for a value shows none.
_CODE = r"(?!os\.|environ|getenv|env\b|config\b|settings\b|self\.|None\b|True\b|False\b|Field\(|\*\*\*)"
_TYPE = r"(?!(?:str|bytes|Annotated|Optional|Cookie|Header)\b)"
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&)}\]'\"]+)"

_MASKED: tuple[tuple[re.Pattern[str], str], ...] = (
    # A key in full, or what there is of it; and a line of one that stands alone, as a log has it.
    (
        re.compile(r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
        rf"\1 {_MASK}",
    ),
    (re.compile(r"(?m)^([ \t]*)(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[\w+/]{60,}={0,2}$"), rf"\1{_MASK}"),
    # The user and password of a URL; a password may itself have `/` and `@`, a port and a path are none.
    (re.compile(r"(://)(?:[^\s/?#'\"@:]+@|[^\s/:?#'\"@]*:(?!\d+/)[^\s'\"]*@)"), rf"\1{_MASK}@"),
    (re.compile(r"\b(input_value=).*?(?=, input_type=|\]|$)"), rf"\1{_MASK}"),
    (re.compile(rf"(?i)\b({_HEADER}:\s*)(?=\S){_TYPE}.*"), rf"\1{_MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_MASK}"),
    (re.compile(rf"(?i)([?&]{_PARAMETER}=)[^\s&#'\"]+"), rf"\1{_MASK}"),
    # `password: …` hides what has a number in it: the name of a secret is told, and so is what is wrong with one.
    (
        re.compile(
            rf"(?i)\b({_CONFIDENTIAL})(?:(\s?=\s?){_CODE}{_VALUE}|(:\s+)(?!projects/)(?=\S*\d)\S{{6,}})"
        ),
        rf"\1\2\3{_MASK}",
    ),
    (re.compile(rf"(?i)([\"'](?:{_CONFIDENTIAL}|{_HEADER})[\"']\s*:\s*)([\"']).*?(?:\2|$)"), rf"\1{_MASK}"),
    # An environment that was echoed. `PORT=8080` has no underscore and is no secret.
    (re.compile(rf"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+=){_CODE}{_VALUE}"), rf"\1{_MASK}"),
    (re.compile(r"(invalid literal for int\(\) with base \d+: |convert string to float: ).*"), rf"\1{_MASK}"),
    (re.compile(r"(?i)(invalid truth value:? |not a valid boolean:? ).*"), rf"\1{_MASK}"),
    (re.compile(r"((?:SQLAlchemy )?URL from (?:given URL )?string ).*"), rf"\1{_MASK}"),
    (re.compile(_KNOWN), _MASK),
)


def redact(text: str) -> str:
    """Return `text` with credentials in URLs, input values, tokens and values of settings masked as `***`.

    What is longer than any line that somebody reads is cut: no text of a log can keep the patterns busy.
    """
    text = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
    for pattern, masked in _MASKED:
        text = pattern.sub(masked, text)
    return text


def redacted(finding: Finding) -> Finding:
    """Return a finding none of whose words and quotes repeats a value of the environment."""
    return replace(
        finding,
        summary=redact(finding.summary),
        observed=redact(finding.observed),
        short=redact(finding.short),
        evidence=tuple(replace(quote, text=redact(quote.text)) for quote in finding.evidence),
        uncertain=tuple(map(redact, finding.uncertain)),
    )
