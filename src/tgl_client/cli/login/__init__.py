"""`tgl login`: `command` declares the options, `act` does it."""
