"""The Kubernetes API as a few verbs: what the cluster commands and the lab `kubernetes` have in common."""
