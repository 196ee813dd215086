"""``drift-assets init``: a first ``defs.yaml``."""

from pathlib import Path

import click

from drift_assets.cli.places import write_file
from drift_assets.errors import ConfigurationError


@click.command(short_help="Write a first defs.yaml.")
@click.argument("baseline", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the monitor. Default: that of the file or folder.")
@click.option("--current", help="Template of the daily files, such as data/{partition}/*.csv.")
@click.option("--prediction-column", "predictions", multiple=True, help="Prediction column.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("defs.yaml"),
    show_default=True,
    help="Where to write; an existing file is not overwritten.",
)
def init(
    *,
    baseline: Path,
    name: str | None,
    current: str | None,
    predictions: tuple[str, ...],
    output: Path,
) -> None:
    """Write a commented defs.yaml from a look at the BASELINE file."""
    from drift_assets.starter import starter

    if output.exists():
        raise ConfigurationError(
            f"Found a file at {output}, expected none: choose another place with --output."
        )
    found = starter(baseline, name=name, current=current, predictions=predictions, beside=output)
    write_file(output, found.text.encode())
    if found.ids:
        click.echo(
            f"Not watched: in them no two rows are alike, as in an id: {', '.join(found.ids)}."
        )
    click.echo(f"Wrote {output}. Read it, adjust it, then: drift-assets monitors")
    click.echo("Dagster finds it in a folder of its own below your project's defs folder.")
