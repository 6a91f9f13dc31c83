"""The benchmark: what the product does a second and how long a caller waits, beside bare floors in the same run."""
