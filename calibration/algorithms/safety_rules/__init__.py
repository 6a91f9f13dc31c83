"""The rules of ``safety``, a module a kind; measured on tests/calibration/fixtures/safety."""

from calibration.algorithms.safety_rules.are_you_a_bot import ARE_YOU_A_BOT
from calibration.algorithms.safety_rules.distress import DISTRESS
from calibration.algorithms.safety_rules.loneliness import LONELINESS
from calibration.algorithms.safety_rules.meetup import MEETUP
from calibration.algorithms.safety_rules.off_platform import OFF_PLATFORM
from calibration.algorithms.safety_rules.rule import LAUGH, Rule
from calibration.algorithms.safety_rules.self_harm import SELF_HARM
from calibration.algorithms.safety_rules.under_age import UNDER_AGE
from calibration.domain import CueKind

__all__ = ["LAUGH", "RULES", "CueKind", "Rule"]

RULES: tuple[Rule, ...] = (
    *SELF_HARM,
    *UNDER_AGE,
    *DISTRESS,
    *LONELINESS,
    *MEETUP,
    *OFF_PLATFORM,
    *ARE_YOU_A_BOT,
)
