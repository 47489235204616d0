"""rules: naming the cause. `explaining` has them in order, each a pure function of the evidence; the first answer counts.

    verdict, image                  it booted, or Cloud Run refused it before there was a process
    code, native, shadows, names,   what a traceback or a server's last word says
    targets, imports
    environment, credentials,       what the program found missing or wrong around it
    database, files, permissions
    process, sockets, startup       effects: how the process ended, who could not reach it
    verdict                         no output, incomplete, unknown

What is specific comes before what is general, what was raised before what the platform made of it.
"""
