"""`tgl push`, also called `tgl sync`: `command` declares the options, `act` does it."""
