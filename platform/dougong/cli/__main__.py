"""`python -m dougong.cli`, where the program itself isn't on the path."""

from dougong.cli.main import main

main()
