"""A password hash that is slow enough to be itself, and quick enough for thousands of tries."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickPBKDF2(PBKDF2PasswordHasher):
    iterations = 20_000
