"""doctor: as whom gcloud works and as whom we do, and how long the credentials hold. No token is ever told."""

import shlex
from dataclasses import replace

from buddy_tui.doctor.values import Check, Machine, SignedIn, Untold
from buddy_tui.preflight.values import Verdict

_SIGN_IN = "gcloud auth application-default login"
_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"


def identities(machine: Machine) -> Check:
    """Warn where gcloud and Google's libraries work as different people, or for different projects."""
    settings, adc = machine.settings, machine.adc
    if settings.emulated:
        return _not_needed(machine)
    if adc is None:
        return Check(
            Verdict.SKIPPED, "There is no file of Application Default Credentials to compare.", _SIGN_IN
        )
    if adc.problem:
        return Check(Verdict.SKIPPED, f"{adc.path} tells no identity: {adc.problem}.", _sign_in(machine))
    told = (
        f"gcloud: {settings.account.value or 'nobody'}",
        f"Google's libraries: {adc.account or 'the file does not tell'} ({adc.type or 'of no kind'}, {adc.path})",
        *((f"acting as: {settings.impersonate.value}",) if settings.impersonate else ()),
    )
    if machine.differences:
        return Check(Verdict.WARN, " ".join(machine.differences), _united(machine), told)
    if not (adc.account and settings.account):
        return Check(
            Verdict.SKIPPED, "Whether both identities are the same cannot be told from files.", evidence=told
        )
    return Check(Verdict.PASS, f"gcloud and Google's libraries both work as {adc.account}.", evidence=told)


def credentials(machine: Machine, signed: SignedIn) -> Check:
    """Tell whose credentials Google accepted a moment ago, and until when the access token holds."""
    if machine.settings.emulated:
        return _not_needed(machine)
    whose = f"{signed.kind or 'credentials'}{f' of {signed.account}' if signed.account else ''}"
    source = f", from {machine.adc.path} ({machine.adc.origin})" if machine.adc else ""
    if signed.expires is None:
        return Check(Verdict.PASS, f"Google accepted {whose}{source}; how long is not told.")
    until = f"{signed.expires:%Y-%m-%d %H:%M} UTC"
    if signed.asked and signed.expires <= signed.asked:
        return Check(
            Verdict.WARN,
            f"Google gave a token for {whose} that had expired at {until}, by our clock.",
            _sign_in(machine),
        )
    return Check(
        Verdict.PASS,
        f"Google accepted {whose}{source}; the access token holds until {until} and is renewed by itself.",
    )


def told_how(untold: Untold, machine: Machine) -> Untold:
    """Return why nobody is signed in, with the way out of it on this machine."""
    return replace(untold, fix=_sign_in(machine)) if untold.fix == _SIGN_IN else untold


def _sign_in(machine: Machine) -> str:
    """Return how to sign in; what the variable names is used before anything that a sign-in leaves."""
    named = machine.adc is not None and machine.adc.origin == _VARIABLE
    return f"unset {_VARIABLE} && {_SIGN_IN}" if named else _SIGN_IN


def _united(machine: Machine) -> str:
    """Return how to end the difference: another identity, another project to pay, or another project to look at."""
    account, adc = machine.settings.account.value, machine.adc
    if adc is None or (adc.account and account and adc.account != account):
        return _sign_in(machine)
    if adc.quota_project and not adc.project:
        return shlex.join(
            ["gcloud", "auth", "application-default", "set-quota-project", machine.settings.project.value]
        )
    return f"If that one is meant: --project {shlex.quote(adc.project)}" if adc.project else _sign_in(machine)


def _not_needed(machine: Machine) -> Check:
    return Check(Verdict.SKIPPED, f"Not needed: Cloud Run is emulated ({machine.settings.emulated.origin}).")
