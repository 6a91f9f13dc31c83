"""The ground all rooms stand on: cache, observability, the REST envelope, ids."""
