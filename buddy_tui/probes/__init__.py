"""probes: is this revision healthy? Questions put to a revision at its own address, honestly measured.

values     what a probe is made of
targets    where each revision can be asked, and why some cannot
fixes      the gcloud commands that let a probe in
ask        questions x revisions -> a matrix that fills as answers come
tally      attempts -> cells, and cells beside those of the serving revision
measure    what so many attempts prove
judge      an answer -> a verdict
front_end  Google's own answers, told from the application's
pointer    JSON pointers
pattern    an operator's regular expression in a hostile text, in bounded time
request    what is sent, and what of it must not be seen
door       the way out: httpx, bounded in every way
body       the part of an answer that is read
mishaps    what went wrong on the wire, in words
passes     identity tokens
outcome    a matrix -> an exit code
"""

from buddy_tui.probes.ask import ask
from buddy_tui.probes.outcome import outcome
from buddy_tui.probes.targets import targets_of

__all__ = ["ask", "outcome", "targets_of"]
