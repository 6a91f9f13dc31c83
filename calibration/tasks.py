"""Background work of learning. What is to be learnt stands in the database; no argument names a fan."""

from celery import shared_task

from calibration.services import learning, priors


@shared_task
def learn_due() -> int:
    """Learn about the pairs that were woken; return how many."""
    return learning.learn_due().pairs


@shared_task
def sweep_learning() -> int:
    """Wake the pairs that learning lags behind with; return how many."""
    return learning.sweep()


@shared_task
def fit_priors() -> int:
    """Find out what is usual among each creator's fans; return for how many creators."""
    return priors.fit_all()
