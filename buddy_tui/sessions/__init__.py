"""sessions: does a session survive? One is made and followed through revisions and Firestore; all are counted.

values     what the session probe and the audit tell
climb      the session probe, rung by rung
rungs      a session is made and read
ending     it goes again, also when nobody climbs any further
session    what is known of one session while it is followed
seen       what the rungs have seen
reading    what an answer says, whether it agrees with the document, and whose clock is wrong
judge      from what was seen to a verdict
fill       placeholders, pointers, field paths
marks      what is written down before a session is made
removal    removing what a probe made, and nothing else
sweep      what probes that were killed left behind
audit      how many sessions each revision wrote
falls      rollouts after which fewer were written
moments    when a document was made
outcome    from verdicts to an exit code
"""
