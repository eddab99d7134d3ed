"""Real agents, recorded while they talk to a model of ours: `make test-agents`."""
