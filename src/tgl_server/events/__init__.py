"""The outbox: events are written in the transaction that changes something, numbered afterwards, and then followed."""
