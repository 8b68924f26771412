"""The league: seasons with frozen rules, points that belong to days, and a table that explains itself to the commit."""
