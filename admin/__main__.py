"""`python -m admin` is `text2svg`."""

from admin.cli import main

main()
