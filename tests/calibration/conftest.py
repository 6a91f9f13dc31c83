"""Learning starts with nothing due and nothing usual."""

import pytest

from calibration.services.priors import forget_priors
from tests.calibration.support import forget_due


@pytest.fixture(autouse=True)
def _nothing_due() -> None:
    forget_priors()
    forget_due()
