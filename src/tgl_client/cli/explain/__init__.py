"""`tgl explain`: `command` declares the options, `act` does it."""
