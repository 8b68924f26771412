"""`tgl man`: `command` declares the options, `act` does it."""
