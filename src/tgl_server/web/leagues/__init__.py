"""The pages of leagues that players and spectators read: tables, weeks, players, rules."""
