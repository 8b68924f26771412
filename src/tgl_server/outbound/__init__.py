"""The rule for every connection that the server makes to a place which somebody else names: a remote, a receiver."""
