"""Rehearsals: an automation's steps for one record, done to nobody."""
