"""aside: folders of a source tree set aside and brought back, and no file lost whatever happens in between.

values     what is to be moved, and how it ended
planning   a plan from one look at the tree
disk       the calls that change a disk
carrying   one folder from one place to another, in steps any of which may be the last
past       what the journal knows of it
worse      whether all else resolves as before
doing      sets aside, brings back, writes it down
"""
