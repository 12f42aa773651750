"""Helpers of the course Unrolled: cells, checks, explorers, plots, progress.

Importing this package imports nothing heavy; each module imports what it needs.
"""
