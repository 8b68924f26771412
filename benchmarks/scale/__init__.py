"""How throughput grows with the nodes of a distributed database, by a simulation with measured costs of a batch.

Nobody here has thirty machines. What one batch costs each part was measured on two cores (`costs.json`), but for the
coordinator, whose share is by how much three nodes on two cores were slower than one server; what queues before which
part, when there are many of them, is computed.
"""
