from django.apps import AppConfig


class CalibrationConfig(AppConfig):
    name = "calibration"

    def ready(self) -> None:
        from calibration import metrics, personal_data, receivers  # noqa: F401
        from ofmemory.infra.diagnosis import ask_too

        metrics.register()
        ask_too("calibration.diagnosis")
