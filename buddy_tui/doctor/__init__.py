"""doctor: whether this machine can do each job on this service.

    values     what is known of the machine and of Google, and what a check says
    machine    looks at the machine: settings, files, terminal, programs
    gather     looks and asks, all at once, and gives up in time
    checks     CHECKS, an ordered tuple: each a pure function of what was found
    conclude   which jobs can be done, and which not; `wording` says it in one sentence
    examine    the checks as a stream, each as soon as it can be judged

What was not answered in time is told as such, and is no pass. Nothing here changes anything.
"""
