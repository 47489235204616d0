"""All checks, topic by topic."""

from tests.emulator.firestore_differential import (
    aggregates,
    contention,
    cursors,
    filters,
    listeners,
    order,
    reads,
    refusals,
    streams,
    transactions,
    transforms,
    values,
    writes,
)

TOPICS = (
    values.VALUES,
    values.NAMES,
    order.ORDER,
    filters.FILTERS,
    filters.COMPOSITES,
    cursors.CURSORS,
    cursors.LIMITS,
    cursors.GROUPS,
    aggregates.AGGREGATES,
    transforms.TRANSFORMS,
    writes.WRITES,
    writes.CONDITIONS,
    writes.BATCHES,
    reads.READS,
    reads.LISTS,
    reads.BULKS,
    transactions.TRANSACTIONS,
    contention.CONTENTION,
    listeners.LISTENERS,
    refusals.REFUSALS,
    streams.STREAMS,
)
CHECKS = tuple(check for topic in TOPICS for check in topic.all)
