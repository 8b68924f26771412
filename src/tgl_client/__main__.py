"""`python -m tgl_client`."""

from tgl_client.cli import main

main()
