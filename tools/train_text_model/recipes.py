"""The runs behind the shipped file, in order, and what was averaged into it."""

from tools.train_text_model.training import Recipe

RUNS = {
    "A": Recipe(seed=1, written=False),
    "B": Recipe(
        seed=2,
        learning_rate=1.0e-4,
        train_words=True,
        average_decay=0.9985,
        sentiment_weight=3.0,
        rare_power=0.5,
        teachers=("A",),
    ),
    "C": Recipe(
        seed=3,
        epochs=2,
        learning_rate=1.5e-4,
        layer_decay=0.9,
        average_decay=0.9985,
        sentiment_weight=3.0,
        rare_power=0.5,
        teachers=("A",),
    ),
    "D": Recipe(
        seed=4,
        epochs=1,
        learning_rate=6e-5,
        layer_decay=0.9,
        sentiment_weight=3.0,
        rare_power=0.5,
        start="C",
        teachers=("A", "B", "C"),
        emotions_share=0.4,
        sentiment_share=0.7,
    ),
}
# Weights of the runs in the average that ships, chosen on the held-out examples.
SOUP = {"D": 1.0}
