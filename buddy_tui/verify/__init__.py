"""verify: the plan of what must be seen before a release counts as good, each line with its evidence.

values     lines of the checklist
"""
