"""What is due, and running it: each due time once, however many schedulers run."""
