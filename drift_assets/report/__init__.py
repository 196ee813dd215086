"""Assessments as people and programs read them: JSON, console, HTML, pictures and tables."""
