"""doctor: as whom gcloud works and as whom we do, and how long the credentials hold. No token is ever told."""

from buddy_tui.doctor.values import Check, Machine, SignedIn
from buddy_tui.preflight.values import Verdict

_SIGN_IN = "gcloud auth application-default login"


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
        return Check(Verdict.SKIPPED, f"{adc.path} tells no identity: {adc.problem}.", _SIGN_IN)
    told = (
        f"gcloud: {settings.account.value or 'nobody'}",
        f"Google's libraries: {adc.account or 'the file does not tell'} ({adc.type or 'of no kind'}, {adc.path})",
        *((f"acting as: {settings.impersonate.value}",) if settings.impersonate else ()),
    )
    if machine.differences:
        return Check(Verdict.WARN, " ".join(machine.differences), _SIGN_IN, told)
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
            _SIGN_IN,
        )
    return Check(
        Verdict.PASS,
        f"Google accepted {whose}{source}; the access token holds until {until} and is renewed by itself.",
    )


def _not_needed(machine: Machine) -> Check:
    return Check(Verdict.SKIPPED, f"Not needed: Cloud Run is emulated ({machine.settings.emulated.origin}).")
