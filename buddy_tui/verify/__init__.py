"""verify: the plan of what must be seen before a release counts as good, each line with its evidence.

values       lines of the checklist
plan         the lines, and which revision they are about
checklist    all of them answered, side by side, as a stream
deployment   lines that archive and boot log answer
probed       lines that health probes answer
persisted    lines that the session probe answers
request_log  lines that Cloud Run's request log answers
production   lines that traffic and the session audit answer
ticks        what somebody vouches for
kept         the answers of every release that was looked at, and what was last seen of a line
state_file   a file of either: written whole, read with care
outcome      a checklist -> an exit code
"""
