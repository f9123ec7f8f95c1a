"""All SQL. Tables, the database with its locks, and one module of statements per subject."""
