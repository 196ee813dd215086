"""Tests of the reading of rows."""
