"""The page that ends mails about a topic, without signing in."""
