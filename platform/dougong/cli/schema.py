"""`dougong schema`: the JSON Schemas for editors."""

from __future__ import annotations

from pathlib import Path

import click

from dougong.installed import VOCABULARY
from dougong.lang.publish import write


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("schemas"))
def schema(folder: Path) -> None:
    """把模板语言的 JSON Schema 写进 FOLDER。 |
    Write the JSON Schemas of the template language into FOLDER.

    Example: dougong schema schemas
    """
    write(folder, VOCABULARY)
