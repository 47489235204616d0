"""report: what one carries away from an incident, and from a release: documents made of what is known.

values      the report
gather      everybody is asked once, and nobody who is silent stops it
material    what they said
episode     which troubles belong together, and when they began
timeline    what happened, in order
cause       why, with the evidence
impact      what people noticed
links       where Google's console shows the same
conclusion  the report, made from all of it
people      names and secrets hidden, the same person always under the same name
prose       foreign text made harmless in Markdown
markdown    the report as a document
checklist   the verification plan as a document
"""
