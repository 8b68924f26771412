"""Live pages: a stream that says what has changed, after which the page asks for itself again."""
