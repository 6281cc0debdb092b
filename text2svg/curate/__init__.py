"""What stays in the corpus: licences, filters, duplicates. Pure functions; every exclusion has a reason."""
