"""Tests of drift_assets: the same tree, file for file, plus end_to_end/."""
