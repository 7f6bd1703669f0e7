"""The kinds of change that a plan is made of, one file each."""
