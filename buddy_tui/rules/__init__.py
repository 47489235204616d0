"""Naming the cause: an ordered tuple of rules, each a pure function of the evidence. The first that answers counts."""
