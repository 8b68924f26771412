"""How throughput grows with the nodes of a distributed database, by a simulation with measured costs of a batch.

Nobody here has thirty machines. What one batch costs each part was measured on two cores (`costs.json`); what queues
before which part, when there are many of them, is computed.
"""
