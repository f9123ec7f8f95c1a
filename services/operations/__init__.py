"""The installation: its status, what goes on, what workers look after."""
