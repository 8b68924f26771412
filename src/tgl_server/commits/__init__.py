"""The commits that repositories have: listing them, and taking them away with their repository."""
