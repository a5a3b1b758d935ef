"""What runs in the pods of the lab `kubernetes`: each program is an HTTP server that the command line reaches through
the Kubernetes API (its proxy to pods), so that a connection that breaks is simply made again.

`python -m brokerlab.pods keeper` runs agents and keeps their ledgers and counters, whatever becomes of the agents;
`outpost` asks the broker what the engine wants to know, from inside the cluster; `warden` stands beside a node of the
broker and hurts it.
"""
