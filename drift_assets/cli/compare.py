"""``drift-assets compare``: two files."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from drift_assets.cli.outcomes import status_of
from drift_assets.cli.places import write_file
from drift_assets.cli.program import Number
from drift_assets.cli.terminal import wants_colours
from drift_assets.processor import rare_collections, spare_last_collections

if TYPE_CHECKING:
    from drift_assets.assessment import Assessment


@click.command(short_help="Compare two files.")
@click.option("--baseline", required=True, type=click.Path(path_type=Path), help="Baseline file.")
@click.option("--current", required=True, type=click.Path(path_type=Path), help="Current file.")
@click.option(
    "--features",
    multiple=True,
    metavar="NAME [NAME ...]",
    help="Columns to compare. Default: all that can be.",
)
@click.option("--prediction-column", "predictions", multiple=True, help="Prediction column.")
@click.option(
    "--categorical", multiple=True, help="Column whose numbers are codes, not quantities."
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the report as JSON.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write the report as HTML.")
@click.option(
    "--psi-threshold",
    type=Number(min=0, min_open=True),
    default=0.2,
    show_default=True,
    help="PSI breaches at or above.",
)
@click.option(
    "--ks-threshold",
    type=Number(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="KS p-value breaches strictly below.",
)
@click.option(
    "--js-threshold",
    type=Number(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="JS divergence breaches at or above.",
)
@click.option("--guards", is_flag=True, help="Judge by the guarded rule of a monitor.")
@click.option(
    "--statistic",
    "statistics",
    multiple=True,
    metavar="NAME",
    help="Also measure this one, such as hellinger; docs/statistics.md lists all.",
)
@click.option(
    "--conformance",
    metavar="PEER",
    help="Also print a peer's numbers: evidently, nannyml, scipy, tfdv or equal_width.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the JSON report instead of text.")
@click.option("--exit-code", is_flag=True, help="Leave with status 1 when drift is found.")
@click.argument("more_features", nargs=-1, metavar="")
@click.pass_context
def compare(
    ctx: click.Context,
    *,
    baseline: Path,
    current: Path,
    features: tuple[str, ...],
    more_features: tuple[str, ...],
    predictions: tuple[str, ...],
    categorical: tuple[str, ...],
    output: Path | None,
    page: Path | None,
    psi_threshold: float,
    ks_threshold: float,
    js_threshold: float,
    guards: bool,
    statistics: tuple[str, ...],
    conformance: str | None,
    as_json: bool,
    exit_code: bool,
) -> None:
    """Compare two files (CSV, Parquet or JSON) and print the drift report.

    Status 0; with --exit-code 1 when drift is found, 2 when there is none but some column
    could not be evaluated; 2 for bad usage or bad input.
    """
    ctx.with_resource(rare_collections())
    spare_last_collections()
    from drift_assets.compare import compare_rows, comparison_monitor
    from drift_assets.report.console import console_report
    from drift_assets.scan import rows_from_files

    if more_features and not features:
        raise click.UsageError(
            f"Got unexpected argument(s): {' '.join(more_features)}. "
            "Columns are named after --features."
        )
    baseline_rows = rows_from_files([baseline])
    current_rows = rows_from_files([current])
    monitor = comparison_monitor(
        features=(*features, *more_features) or None,
        predictions=predictions,
        categorical=categorical,
        available=baseline_rows.watchable,
        psi_threshold=psi_threshold,
        ks_threshold=ks_threshold,
        js_threshold=js_threshold,
        guards=guards,
        statistics=statistics,
        usual_rows=max(current_rows.n_rows, 1),
    )
    assessment = compare_rows(baseline_rows, current_rows, monitor, all_named=bool(features))
    peer = None
    if conformance is not None:
        from drift_assets.conformance.comparison import compare_with_peer

        peer = compare_with_peer(conformance, baseline_rows, current_rows, assessment)
    document = b""
    if as_json or output is not None:
        from drift_assets.report.json import document_report, to_json

        report = document_report(assessment)
        if peer is not None:
            from drift_assets.conformance.comparison import peer_report

            report["conformance"] = peer_report(peer)
        document = to_json(report)
    if output is not None:
        write_file(output, document)
    if page is not None:
        from drift_assets.report.html import html_report

        title = f"{current.name} against {baseline.name}"
        write_file(page, html_report(assessment, title=title).encode())
    if as_json:
        click.echo(document.decode().rstrip())
    else:
        text = console_report(assessment, colours=wants_colours())
        if peer is not None:
            from drift_assets.conformance.comparison import peer_lines

            text = f"{text}\n{peer_lines(peer)}"
        click.echo(text)
    skipped = [name for name in baseline_rows.columns if name not in _named(assessment)]
    if skipped and not features:
        click.echo(f"Not compared (dates, nested or empty): {', '.join(skipped)}", err=True)
    if exit_code:
        ctx.exit(status_of(assessment))


def _named(assessment: "Assessment") -> set[str]:
    return {feature.feature for feature in assessment.features}
