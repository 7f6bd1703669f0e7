"""The compiled app: what YAML means once it is read, checked and linked. Data only."""
