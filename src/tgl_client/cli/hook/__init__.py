"""`tgl hook`: `command` declares the options, `act` does it."""
