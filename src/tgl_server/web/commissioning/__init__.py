"""Pages on which commissioners make leagues: their repositories, rules, seasons, strikes and amendments."""
