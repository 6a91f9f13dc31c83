"""How learning runs. What it computes with stands beside the algorithms."""

from datetime import timedelta
from pathlib import Path

from ofmemory.settings.env import BASE_DIR, env

# Where the model that reads messages lies; without it a lexicon reads them, less surely.
TEXT_MODEL_DIR = Path(env.str("TEXT_MODEL_DIR", default="") or BASE_DIR / "ofmemory" / "infra" / "text" / "files")
# How long one wake-up of the worker goes on taking up pairs. Other tasks wait for it.
LEARNING_TICK_SECONDS = env.float("LEARNING_TICK_SECONDS", default=2.0)
# A pair that learning has not taken up for this long is found by the sweep.
LEARNING_SWEEP_AFTER = timedelta(seconds=env.int("LEARNING_SWEEP_AFTER_SECONDS", default=15))
# A creator's own fans say what is usual once there are this many; before, and below, the shipped priors do.
# Sums over fewer would say something about single fans.
LEARNING_POOL_MIN_FANS = max(env.int("LEARNING_POOL_MIN_FANS", default=20), 5)
