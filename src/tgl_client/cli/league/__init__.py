"""`tgl league`: `command` declares the options, `act` does it."""
