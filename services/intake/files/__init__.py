"""Files of events, contacts and deals: how they are read, and what is made of their rows."""
