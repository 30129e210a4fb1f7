"""Measure what losses, data, trainings, evaluations and predictions cost."""
