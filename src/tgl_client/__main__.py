"""`python -m tgl_client` is `tgl`."""

from tgl_client.cli import main

main()
