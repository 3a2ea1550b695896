"""Building blocks that know nothing of jobs: shards, breaker, executor, loader."""
