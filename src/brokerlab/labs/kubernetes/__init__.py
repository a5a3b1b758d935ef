"""The lab `kubernetes`: the local lab's nodes and agents as pods, in whatever cluster a kubeconfig names."""
