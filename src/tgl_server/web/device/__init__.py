"""The page on which a person approves the login of a machine."""
