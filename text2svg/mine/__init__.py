"""Where corpus rows come from. Each source yields `Sample` values and counts what it left out, and why."""
