"""Words for drawings: training prompts and sentences from names and tags. Pure functions, seeded."""
