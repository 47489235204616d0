"""report: what one carries away from an incident, and from a release: documents made of what is known.

values      the report
gather      everybody is asked once, and nobody who is silent stops it
material    what they said
attempts    promotions that did not end as asked
episode     which troubles belong together, and when they began
timeline    what happened, in order
cause       why, with the evidence
impact      what people noticed
links       where Google's console shows the same
phrases     numbers and lengths of time in words
standing    how it stands
summary     all of it in a few sentences
conclusion  the report, made from all of it
people      names and secrets hidden, the same person always under the same name
prose       foreign text made harmless in Markdown
markdown    the report as a document
checklist   the verification plan as a document
"""
