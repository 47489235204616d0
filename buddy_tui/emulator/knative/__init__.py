"""Run v1: the same Cloud Run in Knative's JSON over REST, as gcloud speaks it."""
