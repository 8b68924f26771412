"""`tgl logout`: `command` declares the options, `act` does it."""
