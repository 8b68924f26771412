"""`tgl test`, and `tgl doctor`, which tells more: `command` declares the options, `act` does it."""
