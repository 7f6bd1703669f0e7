"""The whole workspace in one file: made while people work, brought back to an empty place, and once a day by itself."""
