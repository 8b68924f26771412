"""Where the branches of remotes are, as far as their forges have told: what clients have not pushed yet."""
