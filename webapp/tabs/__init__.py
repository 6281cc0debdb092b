"""One file a tab: Create, Optimize, Explore, Measure."""
