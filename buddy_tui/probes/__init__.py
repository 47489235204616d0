"""probes: is this revision healthy? Questions put to a revision at its own address, honestly measured.

values     what a probe is made of
"""
