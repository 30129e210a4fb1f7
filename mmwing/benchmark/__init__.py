"""Measure what losses and an evaluation cost."""
