"""`tgl status`: `command` declares the options, `act` does it."""
