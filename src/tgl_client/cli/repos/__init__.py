"""`tgl repos`: `command` declares the options, `act` does it."""
