"""Work behind the pages: the alarm clocks that wake it, timers, and long jobs with progress."""
