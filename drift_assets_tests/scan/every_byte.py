"""Read a Parquet file once for each of its bytes, with that byte changed.

Run in a process of its own, which a damaged file may not end:

    python -m drift_assets_tests.scan.every_byte FOLDER

prints each place and value before the file is read, and "done" in the end.
"""

import sys
from pathlib import Path

from drift_assets_tests.scan.test_fuzzing import outcome, whole_parquet


def main(folder: Path) -> None:
    """Read all changed files."""
    whole = whole_parquet()
    path = folder / "changed.parquet"
    for place, value in enumerate(whole):
        for other in sorted({0, 0x80, 0xFF, value ^ 1, value ^ 0x10} - {value}):
            sys.stdout.write(f"{place} {other}\n")
            sys.stdout.flush()
            path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
            outcome(path)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
