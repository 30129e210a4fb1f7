"""Comparing losses: the same data, seeds and schedule for each of them."""

from .jobs import Job, run_jobs
from .results import Result, read_results, write_result
from .schedule import set_epochs
from .study import Study, choose_lrs, plan_finals, plan_tuning, run_stage
from .tables import write_tables
from .variant import Variant

__all__ = ['Job', 'Result', 'Study', 'Variant', 'choose_lrs', 'plan_finals',
           'plan_tuning', 'read_results', 'run_jobs', 'run_stage', 'set_epochs',
           'write_result', 'write_tables']
