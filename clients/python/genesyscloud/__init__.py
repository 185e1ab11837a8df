"""Filled in by generate.py."""
