"""How people see what the product does: correlation ids, logs, health."""
