"""`python -m tgl_server`."""

from tgl_server.cli import main

main()
