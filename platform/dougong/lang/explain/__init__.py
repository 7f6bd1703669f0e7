"""Rules in plain words, in both languages: what a colleague would say that the app does."""
