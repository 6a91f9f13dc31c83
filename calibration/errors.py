"""What can go wrong with learning."""

from ofmemory.errors import OfMemoryError


class CalibrationFailed(OfMemoryError):
    """The profile could not be calibrated; the one from before stays in use."""

    type = "CALIBRATION_FAILED"
    status = 503
