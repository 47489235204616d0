"""The command line: one module for each verb.

verbs      the table of verbs; the root's help, without any library
parser     the verbs as a cyclopts app
options    the options that several verbs share
settle     the settings of this very process
target     which service is meant
snapshot   one look at a service in print
outcome    what a run ends with: sentence, hint and exit code
topics     `buddy-tui help TOPIC`
dashboard  what runs when no verb is named
"""
