"""actions: changes of a service's traffic, each planned as a value, applied by one mechanism, and undone by it.

values        a plan, its progress, its end; promotions, gates, candidates
arithmetic    gcloud's traffic arithmetic, over lists as they are on the wire
drafting      what every plan has in common: its terms, and the grounds on which it is refused
consequences  what a change brings with it, in sentences
commands      the gcloud commands that do the same
state         what a plan was made from, as one hash, and what has moved since
marks         the lock and the mark of a roll-back, as annotations of the service
apply         the one mechanism that changes a service; `changing`, `writing`, `steps`, `settled` and `moved` are its parts
recording     who wants a change, and what every line of the journal about it says
decide        that a roll-back stays: the mark on the service alone
reconcile     changes that nobody saw the end of
candidates    where to roll back to; `gather`, `evidence`, `served` and `hazards` are what it goes by
former        which list stood before the last change

One file for each verb, a pure function of one look at a service and its revisions that returns a plan: `roll_back`,
`promote` (one step), `split`, `tags`, `restore_latest`, `undo`. None of them raises for what was asked: a plan that
may not be done says so itself.
"""
