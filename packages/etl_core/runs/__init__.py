"""Runs: resumable pieces of work whose ledger accounts for every unit."""
