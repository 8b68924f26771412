"""Whether what is stored agrees with itself, and how to make it agree again."""
