"""Messages to people and calls to the outside: inbox, popup, mail, robots, webhooks."""
