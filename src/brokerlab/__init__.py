"""brokerlab: see, on real brokers under real faults, what a message broker's delivery guarantee is worth."""

__version__ = "0.1.0"
