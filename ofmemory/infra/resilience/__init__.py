"""What keeps the product up while something it needs is not: breakers, deadlines, retries, slots."""
