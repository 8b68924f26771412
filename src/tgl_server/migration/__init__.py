"""Moving repositories between pulling and pushing, with the proof that both sides have the same."""
