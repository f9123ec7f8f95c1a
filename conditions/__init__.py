"""Fields, operators and condition trees: one table says what every operator means."""
