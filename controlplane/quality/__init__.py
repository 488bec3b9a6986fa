"""How good the data are: checks around a run, and the score of every batch."""
