"""The monitors of the project, a folder each."""
