"""What may be told to anyone: released tables, coarsened, suppressed, audited and remembered."""
