"""`tgl init`: `command` declares the options, `act` does it."""
