"""Who works here: people, teams, roles, and how they prove who they are."""
