"""journal: who changed what, why, and what became of it; written before and after, and never changed.

values     one line of it
keep       the file: appended to, chained, and read with what is wrong with it
line       a record as a line of JSON, and back
"""
