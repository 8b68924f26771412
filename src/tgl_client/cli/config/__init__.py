"""`tgl config`: `command` declares the options, `act` does it."""
