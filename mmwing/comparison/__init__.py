"""Compare losses or other changes of a config: same data, seeds and schedule."""

from .by_pose import split_by_pose
from .jobs import Job, default_at_once, run_jobs
from .overview import write_overview
from .results import Result, read_results, results_path, write_results
from .schedule import set_epochs, set_iters
from .study import (
    Budget,
    OutOfBudget,
    Study,
    choose_lrs,
    plan_finals,
    plan_tuning,
    run_stage,
    tunings,
)
from .tables import write_tables
from .variant import Variant

__all__ = ['Budget', 'Job', 'OutOfBudget', 'Result', 'Study', 'Variant', 'choose_lrs',
           'default_at_once', 'plan_finals', 'plan_tuning', 'read_results',
           'results_path', 'run_jobs', 'run_stage', 'set_epochs', 'set_iters',
           'split_by_pose', 'tunings', 'write_overview', 'write_results',
           'write_tables']
