"""`python -m zipotify` is the same as `zipotify`."""

from zipotify.cli import main

main()
