"""`tgl projects`: `command` declares the options, `act` does it."""
