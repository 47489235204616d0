"""Incidents, bad after bad after bad, each with the one revision that traffic should go back to."""

from tests.core.actions.histories.broken import BROKEN
from tests.core.actions.histories.moved import MOVED
from tests.core.actions.histories.witnesses import WITNESSES

HISTORIES = (*BROKEN, *MOVED, *WITNESSES)
